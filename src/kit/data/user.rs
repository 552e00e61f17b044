//! Users and groups of this machine, in words.

use std::fs;

/// Whom this process runs as: `user fanfare`.
pub fn user() -> String {
    format!("user {}", user_named(rustix::process::geteuid().as_raw()))
}

/// A user's name, or the number of one that has none.
pub fn user_named(number: u32) -> String {
    named("/etc/passwd", number)
}

/// A group's name, likewise.
pub fn group_named(number: u32) -> String {
    named("/etc/group", number)
}

/// Both files hold lines of name, password, number, and more.
fn named(list: &str, number: u32) -> String {
    let list = fs::read(list).unwrap_or_default();
    let list = String::from_utf8_lossy(&list);
    let name = |line: &str| {
        let mut fields = line.split(':');
        let (name, theirs) = (fields.next()?, fields.nth(1)?);
        (theirs.parse() == Ok(number) && !name.is_empty()).then(|| name.to_owned())
    };
    list.lines().find_map(name).unwrap_or_else(|| number.to_string())
}
