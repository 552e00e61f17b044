# 每个页面
skip = 跳到正文
nav = 页面
nav-programme = 节目单
nav-me = 我抢到的
nav-check = 查验凭证
other-language = English
footer = 每个结果都可查验：每次抢购都有签名凭证。
banner-demo = 演示：付款是模拟的，不会扣款，也不会发货。
banner-rehearsal = 彩排：这里的一切都不算数，付款是模拟的。
about = { $festival }：几点开抢，以服务器时间为准，先到先得；抢到的人都有签名凭证。

# 脚本说的话
say-asking = 正在为你抢…
say-crowd = 同时来抢的人太多了，我们会替你继续抢，不会吃亏。
say-offline = 暂时连不上服务器。倒计时仍按服务器时间走，我们会一直重试。
say-back = 已重新连上。
say-soon = 还有一分钟。

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
programme-empty = 节目单还没有公布，请稍后再来。
programme-lead = 每一场都准点开抢，人人看同一座钟。先到先得，抢到了就有凭有据。
price-from = { $price } 起
section-on = 正在进行
section-next = 即将开始
section-over = 已结束
key-heading = 本届粉丝节的密钥
key-old = 更早的凭证由这把密钥签名：
key-more = 所有凭证都用这把密钥签名。请抄下或拍下它的指纹：有了它，任何人都能自行查验凭证，不必问我们。

# 场次状态
state-before = 未开抢
state-open = 开抢中
state-paused = 已暂停
state-sold-out = 已抢光
state-closed = 已结束
when-before = { $when } 开抢
when-open = { $when } 结束
when-paused = 主办方已暂停本场
hint-paused = 已为你保留的不受影响，付款时间照常。恢复后本页会自动更新。
when-doubt = 已自动暂停，等待核对时间
hint-doubt = 已为你保留的不受影响，付款时间也停止计时。恢复后本页会自动更新。
when-lost = 已自动暂停：部分记录丢失，等待核实
hint-lost = 列在你名下的不受影响，付款时间也停止计时。如果少了什么，请留好凭证并联系主办方。
hint-doubt-before = 本场的时间已停住，等主办方核对后才继续走，不会提前开抢。届时本页会自动更新。
hint-kept = 已为你保留的不受影响。恢复后本页会自动更新。
hint-may-return = 有些已被保留但还没付款。逾期未付的会放出来，本页会立刻更新。
when-sold-out = { $span }抢光
when-none-free = 暂时没有可抢的了
when-closed = { $when } 结束
count-opens = 距开抢
count-closes = 距结束
count-pay = 剩余付款时间
count-days = 天
done-opens = 已经开抢。
done-closes = 本场已结束。
done-pay = 付款时间已过。
units-before = 待抢
units-after = 最后剩余

# 场次
items-heading = 本场好物
drop-about = { $drop }：{ $when }。
stage = 本场现况
needs-heading = 你需要知道
held-for = 抢到后为你保留 { $span }，请在此之内付款。
no-account = 无需注册，这台设备会记住哪些是你的。
reminder-get = 加入日历提醒
reminder-what = { $drop } 开抢
reminder-more = 提前一分钟打开页面，按钮会自己亮起来。
proof-more = 结束后，总数会签名公布。
proof-check = 查验本场证明
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
choose = 选择款式
quantity = 数量
claim-as-guest = 以游客身份抢购
claim-more = 点一下只抢一次。连接断了也别担心，再点不会重复。
button-before = 倒计时归零即可点
button-paused = 主办方已暂停
button-waits = 暂停中
button-sold-out = 暂时没有可抢的
note-closed = 本场已结束，节目单上有下一场。
note-closed-own = 本场已结束，你抢到的仍然归你。
claim-now = 立即抢购
guest-more = 无需注册。这台设备上的 Cookie 会记住哪些是你抢到的。
ready-more = 现在进入，开抢时只需轻点一下。无需注册。
ready-entered = 你已就绪。时间一到，本页会自动开抢。
enter = 以游客身份进入
told-sold-out = 已抢光，有人快了一步。未按时付款的会重新放出来。
told-taken = 这一款刚被抢光，其他的还有。
told-limit = 你已抢满：每位粉丝限 { $shown } 件。
told-not-open = 还没有开抢。在这里等就好，不会吃亏。
told-paused = 主办方已暂停本场，现在谁都抢不了。
told-doubt = 本场已自动暂停，等待主办方核对，现在谁都抢不了。
told-closed = 本场已结束。
told-not-entitled = 本场只对符合条件的粉丝开放，你目前还不符合。你没有因此失去什么。

# 抢到的
claim-number = 第 { $number } 号
claim-held = 已为你保留
claim-held-more = 为你保留到{ $when }，请在此之前付款，否则会放回去。
claim-held-still = 已为你保留，付款时间停止计时。恢复后按剩下的时间继续走，至少还有一分钟。现在也可以付款。
claim-settled = 已付款
claim-settled-more = 已经归你了，请保存好凭证。
claim-expired = 超时未付款
claim-expired-more = 保留到{ $when }，之后已放回给其他粉丝。
claim-released = 已放弃
claim-released-more = 你已放弃，无需付款。
claim-returned = 已退回
claim-returned-more = 付款后已退回。
claim-refund-due = 待退款
claim-refund-due-more = 款项在{ $when }之后才到，当时已没有剩余。全部金额将退还给你。
pay = 立即付款（模拟）
pay-more = 这是模拟付款，不会真的扣钱。
give-back-ask = 不想要了？
give-back = 放弃
sheet-number = 编号
sheet-amount = 金额
sheet-drop = 场次
sheet-claim = 单号
receipt-heading = 凭证
receipt-more = 一个带签名的小文件，证明你在何时抢到了它。不信任本服务器的人也能查验。
receipt-get = 下载凭证
receipt-check-here = 在浏览器里查验
receipt-print = 打印
receipt-check = 如何查验
receipt-check-more = 保存文件，然后运行下面的命令。不用联网，也不用账号。
receipt-key = 由本届粉丝节的密钥签名，其指纹为：

# 我抢到的
me-newest = 这里只列出最近的 { $n } 件，更早的请到各场次页面查看。
me-empty = 你还没有抢到什么。下一场开抢时来看看吧。
me-stranger = 这里会列出你抢到的东西。先以游客身份进入；直接抢购也会自动进入。
me-look = 看节目单
me-guest = 你现在是游客：只有这个浏览器认得你抢到的东西。保存好凭证之前，请不要清除 Cookie。

# 拒绝
ask-again = 再试一次
to-programme = 去节目单
fault-cross-site = 这不是从我们的页面发出的
fault-cross-site-more = 这个表单来自别的网站，或者你的浏览器没有说明它来自哪里。什么也没有发生。请在本站打开页面再试一次。
fault-no-session = 还不知道你是谁
fault-no-session-more = 这个页面只显示你自己的内容，但浏览器没有带来你的身份。Cookie 可能已被清除。
fault-not-allowed = 你不能这样做
fault-not-allowed-more = 什么也没有发生。
fault-no-drop = 没有这一场
fault-no-drop-more = 它可能早已结束。节目单上有正在进行的场次。
fault-no-claim = 没有找到这一单
fault-no-claim-more = 抢到的东西只有本人能看到，而且要用当时的浏览器，或者登录当时的账号。
fault-not-found = 这里什么也没有
fault-not-found-more = 地址可能输错了，或者页面已经不在这里。
fault-too-fast = 请慢一点
fault-too-fast-more = 你或你所在网络的请求太多了。什么也没有发生。请等几秒钟，不会因此吃亏。
fault-busy = 我们正忙，请稍等
fault-busy-more = 什么也没有发生。请再试一次，不用担心重复。
fault-unsure = 暂时还不确定
fault-unsure-more = 可能已经成功了。请原样再试一次，会得到确切的结果，也不会重复。
fault-form = 表单有误
fault-form-more = 什么也没有发生。请返回页面，重新载入后再试一次。
fault-wrong-method = 这个页面不能这样打开
fault-wrong-method-more = 地址没有错，但它不接受这种请求。什么也没有发生。
fault-broken = 我们这边出错了
fault-broken-more = 不是你的问题，你抢到的都还在。请稍后再试。
fault-not-entitled = 本场暂不对你开放
fault-not-entitled-more = 它只对符合条件的粉丝开放，条件写在场次页面上。
fault-passing = 本页会自动重试。

# 查验
check-title = 查验凭证
check-lead = 你放进来的内容不会离开本页。浏览器会自己读文件、算哈希、验签名。
check-about = 在你自己的浏览器里查验凭证或公布的证明，不必问服务器。
check-file = 打开文件
check-text = 或者粘贴文本
check-key = 粉丝节密钥的指纹
check-key-more = 这里填的是本服务器给出的指纹。若谁也不信，请与你从节目单上记下的核对，或粘贴你自己的。
check-none = 还没有要查验的内容
check-none-more = 请在上面打开或粘贴一份凭证或证明。
check-noscript = 本页需要脚本，因为它不问服务器。用“{ check-how }”里的命令也一样。
check-how = 怎样查验
check-how-more = 先算出事实的哈希，沿路径走到行头里的根；再算行头的哈希，走到被签名的内容；然后用密钥验签名，用指纹核对密钥。只用 SHA-256 和 Ed25519。
check-good = 查验通过
check-good-more = 自粉丝节密钥签名以来，一个字节都没有改动。
check-open = 内容完好，但不知是谁签的
check-open-more = 内容没有改动；但没有填指纹，所以不知道这是谁的密钥。
check-partly = 已签名，尚未结清
check-partly-more = 本场最新一行的签名完好；旁边的总数还没有证明。
check-bad = 查验不通过
check-not-json = 这不是完整的凭证或证明：文本不是有效的 JSON。
check-too-large = 太大了：凭证或证明最多 1 MiB。
check-field = “[field]”缺失，或者写法不对。
check-extra = “[field]”：没有说明，也没有东西能证明它。
check-twice = 有一个名称写了两次，看到的可能是没有经过证明的那一个。
check-version = 版本不是本页认识的：[field]。
check-kind = 它既不是凭证，也不是证明。
check-other-key = 它是用另一把密钥签的：[field]。可能属于别的粉丝节。
check-seal-key = 签名写的密钥与文件里的不是同一把。
check-signature = 行头、封印或签名被改动过。
check-root = 事实、它的位置或路径被改动过。
check-festival = 这一行属于别的粉丝节，而不是“[field]”。
check-fact = 事实无法读取。
check-head = “[field]”与签名的那一行不符。
check-sum = “[field]”的数量加起来不对。
check-totals = 总数与签名的不符。
check-cannot = 这里无法查验
check-no-crypto = 这个浏览器不能验 Ed25519 签名。请用新版浏览器，或“{ check-how }”里的命令。
check-insecure = 浏览器只在 https 页面上提供验签。请用 https 打开本页，或使用“{ check-how }”里的命令。
check-unreachable = 服务器没有给出文件。请从你的设备上打开它。
check-did-read = 写法正确，没有夹带未经证明的内容。
check-did-key = 密钥与你的指纹相符。
check-no-key = 没有填指纹，无法核对密钥。
check-did-seal = 第 [lane] 道第 [seq] 行的签名出自这把密钥；该行写于 [when]。
check-did-place = 事实确实在那一行里。
check-did-festival = 这一行属于粉丝节“[field]”。
check-did-totals = 账目已结清，总数就是签名的总数。
check-no-totals = 本场结束并结清账目后，总数才有证明。
check-claimed = 第 [number] 号：第 [line] 款 × [quantity]，为粉丝保留到 [when]。
check-changed = 记录的是第 [number] 号后来的变化。
check-rested = 本场的账目，共 [number] 单，已结清。
check-other = 主办方的一条记录。

# 部件与状态，给做页面的人
dev-title = 部件与页面
dev-about = 每个部件、每个页面的每种状态，都由样例生成。
dev-lead = 每个部件，以及每个页面的每种状态，都由样例生成。只有演示时可见。
dev-colours = 颜色
dev-type = 字体
dev-parts = 部件
dev-pages = 页面与状态

# 服务器还不能回答时
starting = 马上开门
starting-more = 服务器正在启动，正在读取账本。你抢到的都很安全。
