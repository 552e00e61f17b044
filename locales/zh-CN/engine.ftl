# 服务器状况
host-engine = 服务器状况
engine-up = 这里是刚才回应你的那个服务器进程的数字，它已运行 { $span }。数字每隔几秒自动更新。并列两个时间的：一半不超过前一个，100 个里有 99 个不超过后一个。
engine-good = 一切正常。
engine-odd = 有几项不太正常，该怎么办，见下面各项的说明：
engine-chip = 请留意
engine-none = 服务器启动以来还没有人来抢过。有人来抢，这里就会有数字。
engine-figure = 项目
engine-last = 现在（10 秒）
engine-minute = 1 分钟
engine-more = 怎样算正常，不正常怎么办
engine-ms = { $n } 毫秒
engine-us = { $n } 微秒
engine-mib = { $n } MiB
engine-of-fans = 粉丝这边
engine-of-journal = 批次与账本
engine-of-machine = 这台机器
engine-of-tables = 数据表

# 粉丝这边
engine-not-open = 没有打开的场次
engine-not-open-more = 平时是 0。不是 0 时，“今天的安排”会列出是哪几场，各场的页面会说该怎么办。
engine-claims = 每秒抢到
engine-claims-more = 没有场次在抢时是 0。开抢后一秒之内就会上升。
engine-refused = 每秒拒绝
engine-refused-more = 只要原因是已抢光、还没开抢、已结束、已到限购，再多也正常。
engine-refused-session = 拒绝：没有登录
engine-refused-fast = 拒绝：请求太频繁
engine-refused-fast-more = 有一些是正常的。如果很多，又有粉丝抱怨，可能是服务器前面的代理没有用 --trusted-proxy 写明：经过它的人就都算成了同一个来源。
engine-refused-busy = 拒绝：服务器忙
engine-refused-busy-more = 平时是 0。什么也没有做，页面会自动重试。如果一直这样，请看下面的写入账本，再看日志。
engine-refused-unsure = 暂时不知道结果
engine-refused-unsure-more = 平时是 0。有一次写入 5 秒内不知道成没成。请看磁盘或数据库，再看日志。粉丝再问一次，就会得到真实的结果。
engine-refused-code = 拒绝：{ $code }
engine-answer = 从提交到得到结果
engine-answer-more = 平时不到 50 毫秒。如果后一个时间超过 1 秒，先看下面的写入账本，再看 CPU。

# 批次与账本
engine-batches = 每秒批次
engine-batches-more = 最多 300 左右：一批在写入时，后面的会攒成下一批。
engine-commands = 每批处理的请求
engine-commands-more = 越忙每批越多，最多 4,096 个，这样才跟得上。
engine-decision = 从提交到判定
engine-decision-more = 平时不到 20 毫秒。如果它变长而写入没有变长，说明服务器忙不过来了：请看 CPU。
engine-commits = 每秒写入账本
engine-commits-more = 一次写入一批，或者几场各一批。没人抢的场次什么也不写。
engine-commit = 写入一次所用时间
engine-commit-more = 平时不到 20 毫秒。如果后一个时间超过 200 毫秒，说明磁盘或数据库慢了：看看还有什么在用它，并运行“fanfare doctor”。
engine-unknown = 没有确认的写入
engine-unknown-more = 平时是 0。同样的记录会一直重写，直到确认写好为止，什么也不会丢。原因见日志。

# 这台机器
engine-cpu = CPU 占用（全部核心）
engine-cpu-more = 开抢时占满几秒是正常的。如果一直高于 90%，看看这台机器上还在运行什么。粉丝会等得久一些，但什么也不会丢。
engine-cpu-claim = 每抢到一单所用 CPU
engine-cpu-claim-more = 这段时间里服务器做的所有事，包括拒绝，除以抢到的单数。抢的人多时才有意义，那时远低于 1 毫秒。
engine-memory = 本进程占用内存
engine-memory-more = 随单数和连接数增长，之后不再回落。
engine-free = 机器剩余内存
engine-free-more = 如果剩下不到十分之一，看看这台机器上还在运行什么。内存用尽时系统会结束服务器；重新启动后，每一单都还在。
engine-connections = 打开的连接
engine-connections-more = 大约等于正开着页面的人数。最多能有多少，“fanfare doctor”会说。
engine-watchers = 正在看实时数字的
engine-watchers-more = 看的人越多，每个人更新得越慢，最慢 2 秒一次。

# 数据表
engine-rows = 还没有进数据表的记录
engine-rows-more = 抢购不等它，只有列表和查找要等。高峰过后会回到 0。
engine-waiting = 等进数据表最久的
engine-waiting-more = 上面那些记录中最早的一条。平时不到 1 秒。如果一直超过 10 秒，说明数据表所在的数据库慢了或连不上：抢购照常，请看日志。
engine-stopped = 数据表已停住的场次
engine-stopped-more = 平时是 0。抢购照常。请运行“fanfare verify”，它会说是数据表不对还是账本不对。
