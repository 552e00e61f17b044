//! Members of a JSON object taken one by one, each fault said with the place where it stands.

use crate::kit::hex;
use crate::verify::report::{Fault, Promise, fault};
use fanfare_lane::{Hash, Header, Seal};
use serde_json::{Map, Value};

/// Most siblings a path may have: enough for 2^32 leaves.
const SIBLINGS_MAX: usize = 32;

/// An object and where it stands.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    at: String,
}

impl<'a> Fields<'a> {
    /// The members of a value, which must be an object. `at` ends in a dot unless it is empty.
    pub(super) fn of(value: &'a Value, at: &str) -> Result<Self, Fault> {
        if let Value::Object(members) = value {
            return Ok(Self { members, at: at.to_owned() });
        }
        let name = if at.is_empty() { "the file" } else { at.trim_end_matches('.') };
        Err(fault(Promise::Receipt, format!("{name} is not an object")))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A fault at a member.
    pub(super) fn wrong(&self, name: &str, what: &str) -> Fault {
        fault(Promise::Receipt, format!("`{}{name}`: {what}", self.at))
    }

    /// Refuses members nobody checks, so that nothing unproven rides along.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), Fault> {
        let unknown = self.members.keys().find(|name| !names.contains(&name.as_str()));
        match unknown {
            Some(name) => {
                let shown: String = name.chars().take(40).collect();
                Err(self.wrong(&shown, "nothing says what this is, and nothing proves it"))
            }
            None => Ok(()),
        }
    }

    fn get(&self, name: &str) -> Result<&'a Value, Fault> {
        self.members.get(name).ok_or_else(|| self.wrong(name, "it is missing"))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Fault> {
        let text = self.get(name)?.as_str();
        text.ok_or_else(|| self.wrong(name, "a text is expected"))
    }

    pub(super) fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Fault> {
        let number = self.get(name)?.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.wrong(name, "a whole number is expected, not too large"))
    }

    pub(super) fn signed(&self, name: &str) -> Result<i64, Fault> {
        let number = self.get(name)?.as_i64();
        number.ok_or_else(|| self.wrong(name, "a whole number is expected"))
    }

    pub(super) fn hex<const N: usize>(&self, name: &str) -> Result<[u8; N], Fault> {
        // As it is written, not as people type it.
        let text = self.text(name)?;
        let bytes = hex::from_hex(text).filter(|bytes: &[u8; N]| hex::hex(bytes) == text);
        bytes.ok_or_else(|| self.wrong(name, &format!("{} hex digits are expected", N * 2)))
    }

    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, Fault> {
        let bytes = hex::from_base64(self.text(name)?);
        bytes.ok_or_else(|| self.wrong(name, "base64url is expected"))
    }

    /// A member that is an object.
    pub(super) fn object(&self, name: &str) -> Result<Fields<'a>, Fault> {
        Self::of(self.get(name)?, &format!("{}{name}.", self.at))
    }

    /// A member that is a list.
    pub(super) fn list(&self, name: &str) -> Result<&'a Vec<Value>, Fault> {
        self.get(name)?.as_array().ok_or_else(|| self.wrong(name, "a list is expected"))
    }

    /// A member that is null or an object.
    pub(super) fn optional(&self, name: &str) -> Result<Option<Fields<'a>>, Fault> {
        match self.get(name)? {
            Value::Null => Ok(None),
            _ => self.object(name).map(Some),
        }
    }

    /// The hashes of a path.
    pub(super) fn siblings(&self) -> Result<Vec<Hash>, Fault> {
        let name = "siblings";
        let list = self.list(name)?;
        if list.len() > SIBLINGS_MAX {
            return Err(self.wrong(name, "more than any path has"));
        }
        let hash = |value: &Value| {
            let bytes = value.as_str().and_then(hex::from_base64);
            let hash = bytes.and_then(|bytes| Hash::try_from(bytes).ok());
            hash.ok_or_else(|| self.wrong(name, "hashes in base64url are expected"))
        };
        list.iter().map(hash).collect()
    }

    /// The row's header in `row`.
    pub(super) fn header(&self) -> Result<Header, Fault> {
        Header::from_bytes(&self.bytes("row")?).map_err(|why| self.wrong("row", &why.to_string()))
    }

    /// The seal in `key`, `signature` and `path`.
    pub(super) fn seal(&self) -> Result<Seal, Fault> {
        let (key, signature) = (self.hex("key")?, self.bytes("signature")?);
        let signature = <[u8; 64]>::try_from(signature);
        let signature = signature.map_err(|_| self.wrong("signature", "64 bytes are expected"))?;
        if !self.has("path") {
            return Ok(Seal { key, signature, index: 0, count: 1, path: Vec::new() });
        }
        let path = self.object("path")?;
        path.only(&["index", "count", "siblings"])?;
        let (index, count) = (path.number("index")?, path.number("count")?);
        Ok(Seal { key, signature, index, count, path: path.siblings()? })
    }
}
