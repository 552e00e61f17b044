//! Passwords through argon2, a few at a time: each takes some 20 MB and tens of milliseconds.

use super::actions::Refused;
use super::model::Password;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Passwords worked on at once.
const AT_ONCE: usize = 2;

/// How long somebody waits for a turn.
const WAIT: Duration = Duration::from_secs(5);

/// A password nobody has, as argon2 leaves it with the settings we use: a name that is not there
/// is compared with it, so that refusing it takes as long.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ\
    $aGVyZSBpcyBub3RoaW5nIHRvIGJlIGZvdW5kLCBzb3I";

/// The bounded pool.
#[derive(Clone)]
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hasher {
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let turn = tokio::time::timeout(WAIT, self.0.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Refused::Busy) };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| Refused::Busy)
    }

    /// The password as it is kept.
    pub async fn hash(&self, password: Password) -> Result<String, Refused> {
        let hashed = self.work(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).ok()?;
            let hash = Argon2::default().hash_password_with_salt(password.bytes(), &salt).ok()?;
            Some(hash.to_string())
        });
        hashed.await?.ok_or(Refused::Busy)
    }

    /// Whether this is the password that is kept so. Takes as long where none is.
    pub async fn same(&self, password: Password, kept: Option<String>) -> Result<bool, Refused> {
        self.work(move || {
            let known = kept.is_some();
            let kept = kept.unwrap_or_else(|| NOBODYS.to_owned());
            let Ok(hash) = PasswordHash::new(&kept) else { return false };
            Argon2::default().verify_password(password.bytes(), &hash).is_ok() && known
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_its_own_and_nobodys_is_compared_all_the_same() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (hasher, typed) = (Hasher::default(), |text| Password::typed(text).unwrap());
            let kept = hasher.hash(typed("correct horse")).await.ok().unwrap();
            assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
            let same = async |text, kept: Option<String>| {
                hasher.same(typed(text), kept).await.unwrap_or(false)
            };
            assert!(same("correct horse", Some(kept.clone())).await);
            assert!(!same("correct horsf", Some(kept)).await);
            assert!(!same("correct horse", None).await);
            assert!(PasswordHash::new(NOBODYS).is_ok(), "it would be refused at once");
        });
    }
}
