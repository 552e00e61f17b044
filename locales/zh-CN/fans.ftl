# 账号
sign-in = 登录
sign-up = 注册账号
sign-out = 退出登录
sign-name = 用户名
sign-password = 密码
sign-password-more = 至少 8 个字符。几个词连起来，比一串怪字符好记。
sign-guest = 你以游客身份抢到的都还是你的。
sign-have = 我已有账号
sign-have-not = 还没有账号
sign-wrong = 用户名或密码不对。
sign-taken = 这个用户名已经有人用了。换一个；如果就是你，请直接登录。
sign-has-account = 你已经有账号了，请登录。
sign-bad-name = 用户名为 2 到 32 个文字或数字，也可以用 - _ .
sign-bad-password = 密码至少 8 个字符，且不能和用户名相同。

# 登录过的地方
sessions = 已登录的设备
sessions-lead = 有不认识的设备，就把它退出。
sessions-here = 本机
sessions-since = { $when } 登录。
sessions-seen = 最近一次访问：{ $when }。
sessions-end = 退出此设备

# 身份
role-cashier = 你是收银员：可以收款、办理退货。
role-host = 你是主持人：可以管理各个场次。
role-operator = 你是运维：可以管理场次和服务器。
host-become = 成为主持人
host-lead = 谁先打开这个地址，谁就来主持这场粉丝节。地址只能用一次。
host-no-secret = 这个地址已经用过，或者已经失效。请重启服务器：只要还没有主持人，它就会给出一个新地址。
