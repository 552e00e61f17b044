# 一天
nav-host = 主持
host-day = 今天的安排
host-told-made = 你现在是主持人了。这里是今天的全程，实时更新。
host-now = 细线处是现在：{ $time }。
host-shut = 有些场次在这里没有打开，原因和办法见各场次的页面。
host-shut-left = 暂时不知道还剩多少
host-shut-now = 现在谁也不能在这一场抢购、付款或放弃。粉丝会看到：抢到的都留着，等一等不吃亏。
host-shut-do = 怎么办
host-shut-mended = 它不会自己打开。请管理服务器的人运行 fanfare doctor，按它说的做；在那之前什么也不要删。
host-shut-answered = 它的数据库一有回应，这一场就会自动打开。请管理服务器的人去看那个数据库。
host-shut-told = 本届的另一台服务器马上会打开它。如果一分钟后这里还是这样，请管理服务器的人去看其他服务器。
host-shut-why = 服务器给出的原因（英文）
host-times = { $opens } 至 { $closes }
host-left = 可抢 { $free }，共 { $of }

# 一场的数字
host-figures = 各商品的件数
host-item = 商品
host-free = 可抢
host-held = 待付款
host-settled = 已付款
host-aside = 预留
host-issued = 总数
host-sum = 合计
host-claims = 抢到的单
host-claims-see = 查看全部订单
host-refused-not-open = 拒绝：还没开抢
host-refused-paused = 拒绝：暂停中
host-refused-closed = 拒绝：已结束
host-refused-sold-out = 拒绝：已抢光
host-refused-limit = 拒绝：已到限购
host-refused-other = 拒绝：其他原因

# 能做什么
host-do = 可以做的事
host-why = 原因（会留在记录里）
host-units = 件数
host-pause = 暂停
host-pause-more = 恢复之前谁也不能抢。已抢到的仍然保留，付款时间照常走。
host-resume = 恢复
host-resume-more = 重新开始接受抢购，同时由你确认服务器时间无误。
host-restock = 补货
host-restock-more = 立刻可以抢。
host-withdraw = 撤货
host-withdraw-more = 只能减去还没人抢的。别人抢到或付过款的不动。
host-close = 提前结束
host-close-more = 不等到点，现在就结束这一场。
host-close-ask = 结束……
host-close-question = 真的要结束“{ $drop }”吗？
host-close-final = 结束后无法恢复。谁也不能再抢；已抢到的仍可在期限内付款。
host-close-yes = 是，结束
host-close-no = 不，返回
host-undo = 撤销
host-undo-why = 撤销：{ $why }

# 做过什么
host-acts = 谁做过什么
host-acts-none = 还没有人动过这一场。
host-acts-mute = 数据库没有响应，暂时看不到操作记录。你仍然可以暂停、恢复或结束这一场。
host-fan = 粉丝 { $fan }
host-keeper = 服务器管理者
host-did-pause = 暂停
host-did-resume = 恢复
host-did-restock = 补货 { $n } 件：{ $line }
host-did-withdraw = 撤货 { $n } 件：{ $line }
host-did-close = 提前结束
host-did-restore = 账本丢失了一段，恢复后继续；已暂停
host-did-amend = 按新的活动文件改了条款
host-told-pause = 已暂停，现在谁也不能抢。
host-told-resume = 已恢复，可以继续抢。
host-told-restock = 已补货，现在就能抢。
host-told-withdraw = 已撤货。
host-told-close = 这一场已结束。

# 没有做成
host-wrong-most = 什么也没有发生。现在最多可以 { $n } 件。
host-wrong-why = 什么也没有发生。请写明原因，1 到 500 个字。
host-wrong-units = 什么也没有发生。件数要从 1 开始的整数。
host-wrong-line = 什么也没有发生。请选择这一场里的商品。
host-wrong-seen = 什么也没有发生。刚才有人做了别的操作；请看下面的记录，如果仍然需要，再提交一次。
host-wrong-unsure = 可能已经生效。请把下面的表单原样再提交一次，就会知道结果，不会重复执行。
host-wrong-reused = 这次没有执行。这张表单之前提交过，内容不一样，那一次可能已经生效；请看下面的记录。如果这次也要执行，再提交一次。
host-wrong-closed = 什么也没有发生。这一场已经结束。
fault-for-hosts = 这里只有主持人能看
fault-for-hosts-more = 你的账号不是主持人。管理服务器的人可以把它设为主持人。

# 模拟人群
host-crowd = 模拟人群
host-crowd-more = 模拟的粉丝会在将近一分钟里来抢，让你看到抢光的样子。大多数会付款。只在演示中有。
host-crowd-on = 让人群来抢
host-crowd-off = 让人群散去
host-crowd-asked = 人群来了：已有 { $n } 位模拟粉丝来抢。
host-crowd-waits = 人群已到场，正等着开抢。
host-made-fan = 模拟粉丝

# 新的活动文件
host-apply = 应用新的活动文件
host-apply-more = 把整个文件粘贴进来。先看到会改什么，你确认之前什么也不会做。
host-apply-file = 活动文件
host-apply-show = 看会改什么
host-apply-faults = 文件里有错误，请先改好
host-apply-place = 第 { $line } 行，第 { $column } 个字符
host-apply-seen = 会改这些
host-apply-same = 没有要改的：活动与文件一致。
host-apply-same-else = 其余的与文件一致，没有变化。
host-apply-breaks = 这会违背承诺：{ $why }
host-apply-nothing = 只要有一处会违背承诺，就什么都不做。请改好文件再看一次。
host-change-new-drop = 新增一场，{ $when } 开抢
host-change-unseen = 暂时打不开，没有比对，保持原样
host-change-opens = 开抢时间改为 { $to }（原为 { $from }）
host-change-closes = 结束时间改为 { $to }（原为 { $from }）
host-change-hold = 付款时限改为 { $to }（原为 { $from }）
host-change-limit = 每人限购改为 { $to } 件（原为 { $from } 件）
host-change-price = { $line }：价格改为 { $to }（原为 { $from }）
host-change-new-line = 新增商品：{ $line }，{ $n } 件，每件 { $price }
host-change-more = { $line }：增加 { $n } 件，总数改为 { $to } 件（原为 { $from } 件）
host-change-fewer = { $line }：减少 { $n } 件，总数改为 { $to } 件（原为 { $from } 件）
host-change-reserve = { $line }：预留改为 { $to } 件（原为 { $from } 件）
host-change-drop-gone = 文件里没有这一场了
host-change-line-gone = { $line }：文件里没有这件商品了
host-came-done = 已完成
host-came-not = 没有做
host-came-refused = 没有做成：{ $why }
host-apply-make = 全部照此修改
host-apply-done = 已完成
host-apply-not-done = 没有全部完成

# 订单列表
host-number = 号码
host-who = 粉丝
host-state = 状态
host-any = 全部
host-state-expired = 逾期未付
host-state-released = 已放弃
host-state-returned = 已退回
host-state-refund-due = 待退款
host-search = 查找
host-csv = 下载 CSV
host-next = 后面的订单
host-claims-none = 没有这样的订单。
host-claims-yet = 这一场还没有人抢到。
host-search-number = 号码只由数字组成。
host-search-fan = 没有这个名字或号码的粉丝。

# 为什么没有照做
refused-most = 现在最多可以 { $n } 件
refused-closed = 这一场已经结束。
refused-no-line = 这一场里没有这件商品或款式。
refused-reused = 别人已经提交过同样的改动，可能已经改好了，请重新看一下。
refused-now = 现在还做不了。
refused-unsound = 照这样改，件数就对不上了，服务器不会照做
promise-opening-kept = 这一场已经开抢，开抢时间不能再改
promise-opening-ahead = 新的开抢时间已经过了
promise-opens-first = 这样开抢会晚于结束
promise-closing-ahead = 新的结束时间已经过了
promise-closes-last = 这样还没开抢就结束了
promise-hold-kept = 付款时限已经告诉粉丝，只能延长，不能缩短
promise-hold-lasts = 付款时限至少要有一秒
promise-limit-kept = 每人可抢的件数已经告诉粉丝，只能增加，不能减少
promise-price-not-negative = 价格不能低于零
promise-price-kept = 这一场已按原价开抢，价格不能再改
promise-reserve-within = 预留算在库存之内，不能比库存多
promise-reserve-stays = 预留件数公布后不能再改
promise-line-once = 这一场已经有这件商品了
promise-bounds = 超出了一场能容纳的商品数或件数
promise-item-stays = 上架过的商品不能从这一场拿掉；可以把还没人抢的撤货
promise-drop-stays = 公布过的场次不能删掉；可以提前结束
apply-other-festival = 这里办的是 { $ours }，而这个文件是 { $theirs } 的
apply-mute = 记录写不进去，什么也没有改
apply-unopened = 这一场没能建立，原因见服务器日志
apply-no-drop = 没有这一场
apply-unsure = 可能已经改好了：请再应用一次，确认一下
apply-busy = 服务器正忙：请再应用一次
