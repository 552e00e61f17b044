# 每个页面
skip = 跳到正文
nav = 页面
nav-programme = 节目单
nav-me = 我抢到的
other-language = English
footer = 每个结果都可查验：每次抢购都有签名凭证。
banner-demo = 演示：付款是模拟的，不会扣款，也不会发货。
banner-rehearsal = 彩排：这里的一切都不算数，付款是模拟的。

# 时间
zone = 时间以{ $zone }为准。
zone-beijing = 北京时间
zone-other = { $zone } 时间
moment = { $day } { $time }
moment-in-zone = { $moment }（{ $zone }）
day-today = 今天
day-tomorrow = 明天
span-d = { $n } 天
span-h = { $n } 小时
span-min = { $n } 分
span-s = { $n } 秒

# 节目单
programme-lead = 每一场都准点开抢，一秒不差，先到先得。
programme-empty = 节目单还没有公布，请稍后再来。
section-on = 正在进行
section-next = 即将开始
section-over = 已结束
key-heading = 本届粉丝节的密钥
key-more = 所有凭证都用这把密钥签名。请抄下或拍下它的指纹：有了它，任何人都能自行查验凭证，不必问我们。

# 场次状态
state-before = 未开抢
state-open = 开抢中
state-paused = 已暂停
state-sold-out = 已抢光
state-closed = 已结束
when-before = { $when } 开抢
when-open = { $when } 结束
when-paused = 主办方已暂停本场，已为你保留的不受影响。
when-sold-out = { $span }抢光
when-sold-out-held = { $span }抢光。有些还未付款，可能会放出来。
when-none-free = 暂时没有可抢的了
when-closed = { $when } 结束
count-opens = 距开抢
count-closes = 距结束
count-pay = 剩余付款时间
count-days = 天
done-opens = 已经开抢。
done-closes = 本场已结束。
done-pay = 付款时间已过。
units-before = 件待抢
units-left = 件可抢，共 { $total } 件
units-after = 件剩余，共 { $total } 件

# 场次
items-heading = 本场好物
limit = 每位粉丝限抢 { $shown } 件。
variant = 款式
left = 剩余
line-left = 剩 { $shown } 件
line-none = 已抢光
maker = 制造商
address = 地址
certificate = 认证编号
item-variant = { $item } · { $variant }
item-times = { $item } × { $n }
own-heading = 你在本场抢到的

# 抢购
claim-heading = 马上抢
choose = 选择款式
quantity = 数量
claim-now = 立即抢购
claim-as-guest = 以游客身份抢购
guest-more = 无需注册。这台设备上的 Cookie 会记住哪些是你抢到的。
ready-heading = 提前准备
ready-more = 现在进入，开抢时只需轻点一下。无需注册。
ready-entered = 你已就绪。时间一到，本页会自动开抢。
enter = 以游客身份进入
told-sold-out = 已抢光，有人快了一步。未按时付款的会重新放出来。
told-taken = 这一款刚被抢光，其他的还有。
told-limit = 你已抢满：每位粉丝限 { $shown } 件。
told-not-open = 还没有开抢。在这里等就好，不会吃亏。
told-paused = 主办方已暂停本场，现在谁都抢不了。
told-closed = 本场已结束。

# 抢到的
claim-number = 第 { $number } 号
claim-held = 已为你保留
claim-held-more = 为你保留到{ $when }，请在此之前付款，否则会放回去。
claim-settled = 已付款
claim-settled-more = 它是你的了。请保存好凭证。
claim-expired = 超时未付款
claim-expired-more = 保留到{ $when }，之后已放回给其他粉丝。
claim-released = 已放弃
claim-released-more = 你已放弃，无需付款。
claim-returned = 已退回
claim-returned-more = 付款后已退回。
claim-refund-due = 待退款
claim-refund-due-more = 款项在{ $when }之后才到，当时已没有剩余。全部金额将退还给你。
pay = 模拟付款
give-back-ask = 不想要了？
give-back = 放弃
sheet-number = 编号
sheet-amount = 金额
sheet-drop = 场次
receipt-heading = 凭证
receipt-more = 一个带签名的小文件，证明你在何时抢到了它。不信任本服务器的人也能查验。
receipt-get = 下载凭证
receipt-check = 如何查验
receipt-check-more = 保存文件，然后运行下面的命令。不用联网，也不用账号。
receipt-key = 命令里的密钥就是本届粉丝节的指纹，请与你从节目单上记下的核对：

# 我抢到的
me-empty = 你还没有抢到什么。下一场开抢时来看看吧。
me-stranger = 这里会列出你抢到的东西。先以游客身份进入；直接抢购也会自动进入。
me-look = 看节目单
me-guest = 你现在是游客：只有这个浏览器认得你抢到的东西。保存好凭证之前，请不要清除 Cookie。

# 拒绝
ask-again = 再问一次
to-programme = 去节目单
fault-cross-site = 这不是从我们的页面发出的
fault-cross-site-more = 这个表单来自别的网站，或者你的浏览器没有说明它来自哪里。什么也没有发生。请在本站打开页面再试一次。
fault-no-session = 请先进入
fault-no-session-more = 这个页面属于某位粉丝，而你的浏览器没有说明你是谁。Cookie 可能已被清除。
fault-not-allowed = 你不能这样做
fault-not-allowed-more = 什么也没有发生。
fault-no-drop = 没有这一场
fault-no-drop-more = 它可能早已结束。节目单上有正在进行的场次。
fault-no-claim = 你没有这一件
fault-no-claim-more = 抢到的东西只有本人能看到，而且要用当时的浏览器。
fault-not-found = 这里什么也没有
fault-not-found-more = 地址可能输错了，或者页面已经搬走。
fault-too-fast = 请慢一点
fault-too-fast-more = 你或你所在网络的请求太多了。什么也没有发生。请等几秒钟，不会因此吃亏。
fault-busy = 我们正忙，请稍等
fault-busy-more = 什么也没有发生。请再问一次：很安全，最多只会得到你要的那一份。
fault-unsure = 暂时还不确定
fault-unsure-more = 可能已经成功了。请用同样的内容再问一次，答案一定是真的，也不会重复。
fault-form = 表单有误
fault-form-more = 什么也没有发生。请返回页面，重新载入后再试一次。
