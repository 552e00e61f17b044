# 账号
nav-account = 账号
sign-in = 登录
sign-in-lead = 欢迎回来，你抢到的都在。
sign-up-lead = 只要用户名和密码，别的都不用。不注册也能抢。
sign-up = 注册账号
sign-out = 退出登录
sign-name = 用户名
sign-name-more = 2 到 32 个文字或数字，也可以用 - _ .
sign-password = 密码
sign-password-more = 至少 8 个字符。几个词连起来，比一串怪字符好记。
sign-guest = 你以游客身份抢到的都还是你的。
sign-in-guest = 以游客身份抢到的不会并入这个账号；退出登录后还能看到。想留在账号里，请改为注册新账号。
sign-have = 我已有账号
sign-have-not = 还没有账号
sign-wrong = 用户名或密码不对。请都检查一遍：密码区分大小写，用户名不区分。
sign-too-fast = 试得太多了。请等 { $s } 秒再试，不会有任何损失。
sign-taken = 这个用户名已经有人用了。换一个；如果就是你，请直接登录。
sign-has-account = 你已经有账号了，请登录。
sign-bad-name = 用户名为 2 到 32 个文字或数字，也可以用 - _ .
sign-short = 现在只有 { $n } 个字符，至少要 8 个。再加一两个词吧。
sign-long = 太长了，密码有 200 个字符就足够。
sign-is-common = 这个密码太常见，别人会最先试它。换成自己想的几个词更稳妥。
sign-is-name = 密码不能和用户名相同。请用至少 8 个别人猜不到的字符。
sign-why-keep = 清除 Cookie 之后，你抢到的仍归你。
sign-why-anywhere = 换一部手机登录，凭证都在。
sign-why-fair = 有账号也不插队：和游客看的是同一座钟。

# 账号的主人
account = 你的账号
keep = 留住你抢到的
keep-sign-up = 注册账号，留住它们
password = 修改密码
password-lead = 修改后，其他设备都会退出登录；知道旧密码的人就进不来了。
password-old = 现在的密码
password-new = 新密码
password-wrong = 现在的密码不对，请再输一次。
password-changed = 新密码已生效，其他设备都已退出登录。
password-back = 先不改了

# 登录过的地方
sessions = 已登录的设备
sessions-lead = 有不认识的设备，就把它退出，再修改密码。
sessions-here = 本机
sessions-since = { $when } 登录。
sessions-seen = 最近一次访问：{ $when }。
sessions-end = 退出此设备
sessions-only = 没有在其他设备上登录。

# 身份
role-cashier = 你是收银员：可以收款、办理退货。
role-host = 你是主持人：可以管理各个场次。
role-operator = 你是运维：可以管理场次和服务器。
host-become = 成为主持人
host-lead = 谁先打开这个地址，谁就来主持这场粉丝节。地址只能用一次。
host-no-secret = 这个地址已经用过，或者已经失效。请重启服务器：只要还没有主持人，它就会给出一个新地址。
