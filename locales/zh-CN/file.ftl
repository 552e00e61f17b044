# 活动文件里的错误
file-more = 从这里往下还有 { $n } 处；请先改好上面的
file-too-large = 文件超过 { $kib } KiB；请把活动写短一些，或者分成几个活动
file-unread = 读不了这个文件；请给出活动文件的路径
file-not-utf8 = 字节 { $byte } 不是 UTF-8；请用 UTF-8 编码保存文件
the-file = 整个文件

# 写法
toml-twice = 这个键写了两次；只留一次
toml-no-value = 这个键没有值；请在后面写上等号和值
toml-unquoted = 这个值不是数字，不是 true、false，也不是时间；如果是文字，请加双引号
toml-fault = 这里不合 TOML 的写法{ $expected ->
    [none] {""}
   *[other] ，应该是 { $expected }
    }；{ $advice }
toml-write-section = 请把段名写在 [ 和 ] 之间
toml-write-list = 请把段名写在 [[ 和 ]] 之间
toml-write-end = 请补上这里或前面缺的括号、逗号或引号，补好之后才能检查后面的内容
toml-write-form = 请照 docs/rules/festival-file.md 里的样子写

# 键
file-none-of = { $head }：缺少 { $keys }；请写上其中一个，例如 { $example }
file-missing = { $head }：缺少 { $key }；请补上：{ $asks }
file-missing-why = { $head }：缺少 { $key }（{ $why }）；请补上：{ $asks }
why-both = 页面有中文和英文两版
why-three-no = 没有厂名、厂址和合格证的是三无产品，不能上架
file-unknown = { $head }：没有 { $name } 这个键；{ $advice }
write-meant = 请改成 { $key }，或者删掉
write-known = 请删掉，或者改成其中之一：{ $keys }

# 值是什么，该写什么
file-value = { $key } { $is }；请改成：{ $write }
is-value = 写的是 { $value }
is-text = 写的是文字 { $value }
is-moment = 写的是时间 { $value }
is-list = 写成了列表
is-table = 写成了表
is-no-text = 不是文字
is-empty = 是空的
is-spaced = 开头或结尾有空格
is-of-chars = 有 { $n } 个字符
is-hiding = 里有看不见的字符 { $code }
is-short = 是 { $value }，太短了
is-long = 是 { $value }，太长了
is-list-of = 列了 { $n } 项
is-of-tables = 有 { $n } 个表
is-with-entry = 里有一项{ $is }
is-unsorted = 里有一项比前一项短
is-no-zone = 写的是 { $name }，没有这个时区
is-unknown-currency = 写的是 { $code }，没有这种货币
is-old-currency = 写的是 { $code }，这种货币已经停用
is-no-money = 写的是 { $code }，这不是付款用的货币
is-in-year = 在 { $year } 年
is-no-day = 写的是 { $day }，没有这一天
is-no-time = 写的是 { $time }，没有这个时刻
is-skipped = 在 { $zone } 并不存在：时钟拨快时跳过了这一刻
is-twice = 在 { $zone } 会出现两次：时钟往回拨，这一刻要过两遍
asks-example = { $asks }，例如 { $example }
asks-id = 小写字母 a-z、数字和连字符，以字母或数字开头，最多 { $max } 个字符
asks-text = 加引号的文字，1 到 { $max } 个字符
asks-word = { $words }
asks-flag = true 或 false
asks-whole = { $min } 到 { $max } 的整数
asks-decimal = 0 到 { $max } 的数
asks-zone = 时区的 IANA 名称
asks-currency = 付款所用货币的 ISO 4217 代码
asks-colour = 加引号的颜色，即 # 和六位十六进制数
asks-picture = 图片（{ $ends }）的路径，从活动文件所在的文件夹算起，最多 { $max } 个字符，只用 a-z、0-9、'-'、'_'、'.' 和 '/'
asks-url = https:// 或 http:// 加主机名，有端口就带上端口
asks-moment = 日期和时间，按当地时间，或者带时差
asks-amount = 加引号的金额，小数位数与货币一致
asks-stock = 现有件数，0 或以上的整数
asks-reserve = 预留件数，0 或以上的整数
asks-span = 加引号的时长，{ $min } 到 { $max }，用 d、h、m、s、ms 来写
asks-spans = { $count } 个时长的列表，每项 { $min } 到 { $max }，后一项不短于前一项
counted = { $min } 到 { $max }
asks-table = { $head } 表
asks-table-of = 含有 { $keys } 的表
asks-tables = 1 到 { $max } 个 { $head } 表
write-year = { $min } 到 { $max } 之间的年份
write-month = 01 到 12 的月份
write-day = 01 到 { $last } 的日期
write-time = 00:00 到 23:59；一天结束的午夜是第二天的 00:00
write-nearest = "{ $before }" 或 "{ $after }"，这是前后最近的两个时刻
write-which = 第一次写 "{ $first }"，第二次写 "{ $second }"
write-amount = { $decimals }的金额（{ $currency } 的写法），例如 { $example }
decimals-none = 不带小数
decimals = 带 { $n } 位小数
write-most = 不超过 { $most }
write-units-most = 每种不超过 { $most } 件

# 几处合起来才不对
file-id-twice = id "{ $id }" 已被第 { $line } 行的{ $whose }占用；请换一个
the-good = 商品
the-variant = 款式
the-drop = 场次
the-item = 本场商品
file-every-real = every 会让这一场反复举行，只有演示活动才可以；请改用 opens_at，或者在 [festival] 里写上 demo = true
file-beside-every = { $key } 不能和 every 一起写；请只留一个，要定结束就用 open_for
file-open-past-every = open_for 比 every 长；请改成不超过 { $most }
file-first-alone = first 只用于反复举行的场次；请删掉，或者把 opens_at 换成 every
file-closes-first = closes_at 不在 opens_at 之后；请改成更晚的时间，或者写明开放多久，例如 open_for = "10h"
file-closes-late = closes_at 晚于 opens_at 超过 { $most }；请改成更早的时间
file-closes-twice = open_for 和 closes_at 一起写了；请只留一个
file-closes-never = [[drops]]：缺少 closes_at 或 open_for；请写上其中一个，例如 open_for = "10h"
file-round-id-long = 反复举行的场次，id 有 { $n } 个字符；最多只能用 { $most } 个，因为每一轮会叫 id-1、id-2，依此类推
file-round-id-taken = 第 { $line } 行的场次反复举行，其中一轮会叫 "{ $id }"；请换一个 id
file-burst-long = burst_within 比 arrive_within 长；请改短，或者把后者改长
file-all-leave = unpaid_share 与 release_share 加起来是 { $sum }；请改小，合计不超过 1
file-lines-many = 加上这件商品，这一场就有 { $n } 种库存；最多 { $most } 种，也可以分成两场
file-units-many = 加上这些库存，这一场就有 { $n } 件；合计最多 { $most } 件
file-no-good = [[goods]] 里没有商品 "{ $id }"；{ $advice }
write-good = 请写 good = "{ $id }"，或者在 [[goods]] 里加上这件商品
write-a-good = 请写已有商品的 id，或者在 [[goods]] 里加上这件商品
file-units-of-each = { $key } 只写了一个数，而这件商品分款式；请分别写出每款的件数，例如 { $example }
file-units-of-none = { $key } 写成了表，而这件商品不分款式；请只写一个数
file-stock-mute = stock 里没有写款式 "{ $id }"；请补上 { $id } = 件数（{ $asks }）
file-no-variant = 商品 "{ $good }" 没有 { $name } 这个款式；请改成：{ $write }
write-one-of = { $ids } 之一
file-reserve-over = reserve 是 { $reserve }，而库存只有 { $stock }；请改成不超过 { $stock }

# 并列
list-or = {" 或 "}
list-and = 、
