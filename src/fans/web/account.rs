//! Who is signed in, as pages say it.

use super::{on_cold, people};
use crate::fans::actions;
use crate::kit::token::Role;
use crate::pages::{Key, Visit};

/// An account as its owner sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name; none if the database does not answer just now.
    pub name: Option<String>,
    /// What the owner may do beyond what every fan may.
    pub role: Option<String>,
}

impl Account {
    /// The account whose owner asks; none for guests and strangers.
    pub async fn of(visit: &Visit) -> Option<Self> {
        let session = visit.account().ok()?;
        let people = people(&visit.app).ok()?;
        let name = on_cold(&people, actions::name_of(people.clone(), session.fan)).await;
        let name = name.ok().flatten().map(|name| name.shown);
        Some(Self { name, role: role_words(session.role).map(|key| visit.words.key(key)) })
    }

    /// Made up, for samples.
    pub fn sample(name: &str, role: Option<String>) -> Self {
        Self { name: Some(name.to_owned()), role }
    }
}

/// What a role is called; a fan is called nothing.
pub(super) fn role_words(role: Role) -> Option<Key> {
    match role {
        Role::Fan => None,
        Role::Cashier => Some(Key("role-cashier")),
        Role::Host => Some(Key("role-host")),
        Role::Operator => Some(Key("role-operator")),
    }
}
