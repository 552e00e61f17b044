//! TLS: a certificate and its key from two files, read anew when they change; the handshake in
//! front of a connection; and what requests and answers over https have of their own.

use super::proxy::{Caller, Proxies};
use super::serve::{Door, Fields};
use axum::http::{HeaderMap, HeaderValue, header};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Browsers that came by https once come by https for a year. Hosts below this one are left alone:
/// they are the brand's, and may speak no https.
pub const STRICTLY: &str = "max-age=31536000";

/// A door that speaks TLS.
#[derive(Clone)]
pub struct Tls {
    /// With the certificate.
    pub acceptor: TlsAcceptor,
    /// Whose word on the caller's address is taken.
    pub proxies: Proxies,
    /// How long a handshake may take.
    pub handshake_within: Duration,
}

impl Door for Tls {
    type Stream = TlsStream<TcpStream>;

    async fn open(&self, stream: TcpStream) -> Option<Self::Stream> {
        let shaken = tokio::time::timeout(self.handshake_within, self.acceptor.accept(stream));
        shaken.await.ok()?.ok()
    }

    // What is written goes through the session's keys: a connection stays with them, and whoever
    // watches over TLS costs a connection. Behind a proxy that does TLS they cost a socket.
    const BARE: bool = false;

    fn bare(_: Self::Stream) -> Option<TcpStream> {
        None
    }

    fn caller(&self, peer: SocketAddr, fields: &impl Fields) -> Caller {
        Caller { https: true, ..self.proxies.said(peer, fields) }
    }
}

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate that is shown, read anew when its files change.
#[derive(Debug)]
struct Shown {
    files: [PathBuf; 2],
    pair: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Shown {
    /// What tells that a file was replaced: which it is, how long, of when.
    fn stamp(&self) -> [Option<(u64, u64, i64, i64)>; 2] {
        let stamp = |path: &PathBuf| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
        };
        [stamp(&self.files[0]), stamp(&self.files[1])]
    }

    /// Reads the files anew when they change, as long as anybody shows what is in them. What
    /// cannot be used, a pair of which one half is still the old one say, changes nothing.
    fn follow(shown: &Weak<Self>) {
        let mut known = shown.upgrade().map(|shown| shown.stamp());
        while let Some(shown) = shown.upgrade() {
            let stamp = shown.stamp();
            if known != Some(stamp) {
                match pair(&shown.files[0], &shown.files[1]) {
                    Ok(pair) => {
                        *shown.pair.write().unwrap_or_else(PoisonError::into_inner) = pair;
                        tracing::info!("the certificate was read anew");
                    }
                    Err(why) => tracing::warn!(why, "the certificate stays the old one"),
                }
                known = Some(stamp);
            }
            drop(shown);
            thread::sleep(LOOK_EVERY);
        }
    }
}

fn pair(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, String> {
    let (chain, secret) = (chain(cert)?, secret(key)?);
    let (cert, key) = (cert.display(), key.display());
    let pair = CertifiedKey::from_der(chain, secret, &ring::default_provider());
    let told = |why: rustls::Error| match why {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => format!(
            "the key in {key} does not belong to the first certificate in {cert}; name the pair \
             that was made together, the server's own certificate first"
        ),
        why => format!("{cert} and {key} cannot be used: {why}"),
    };
    pair.map(Arc::new).map_err(told)
}

/// Reads a certificate and its key, and follows both files from then on.
///
/// # Errors
/// In words: which file, what is wrong with it, what it should be.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let files = [cert.to_owned(), key.to_owned()];
    let shown = Arc::new(Shown { files, pair: RwLock::new(pair(cert, key)?) });
    let told = |why: rustls::Error| format!("TLS cannot be spoken: {why}");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(told)?
        .with_no_client_auth()
        .with_cert_resolver(shown.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Who comes back is known by a ticket it keeps itself: fronts share no table for it.
    config.ticketer = ring::Ticketer::new().map_err(told)?;
    config.send_tls13_tickets = 1;
    let weak = Arc::downgrade(&shown);
    let follow = move || Shown::follow(&weak);
    let following = thread::Builder::new().name("certificate".to_owned()).spawn(follow);
    following.map_err(|why| why.to_string())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(path: &Path, flag: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|why| format!("{}, named by {flag}: {why}", path.display()))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path, "--tls-cert")?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, pem::Error>>();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(format!(
            "{}: there is no certificate in it that can be read; --tls-cert takes a PEM file with \
             the server's certificate first and then those that vouch for it",
            path.display()
        )),
    }
}

fn secret(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path, "--tls-key")?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        format!(
            "{}: there is no private key in it that can be read; --tls-key takes a PEM file with \
             an unencrypted key",
            path.display()
        )
    })
}

/// What cookies are called over https: browsers then keep them to this host alone, and take them
/// over https alone. A page of a neighbouring host cannot slip its own in under such a name.
pub const HOSTS_OWN: &str = "__Host-";

/// Leaves of a request that came over https the cookies that were set so, by their plain names.
pub fn own_cookies(headers: &mut HeaderMap) {
    if !headers.contains_key(header::COOKIE) {
        return;
    }
    let all = headers.get_all(header::COOKIE).iter();
    let all = all.filter_map(|value| str::from_utf8(value.as_bytes()).ok());
    let pairs = all.flat_map(|text| text.split(';'));
    let own = pairs.filter_map(|pair| pair.trim().strip_prefix(HOSTS_OWN));
    // Joined, a space behind the prefix would no longer be part of the name.
    let own: Vec<_> = own.filter(|pair| !pair.starts_with(char::is_whitespace)).collect();
    let own = HeaderValue::from_bytes(own.join("; ").as_bytes());
    headers.remove(header::COOKIE);
    if let Ok(own) = own {
        headers.insert(header::COOKIE, own);
    }
}

/// What an answer over https carries: its cookies never travel otherwise, and the browser comes
/// by https from now on.
pub fn over_https(headers: &mut HeaderMap) {
    for (_, cookie) in headers.iter_mut().filter(|(name, _)| **name == header::SET_COOKIE) {
        let secure = [HOSTS_OWN.as_bytes(), cookie.as_bytes(), b"; Secure"].concat();
        if let Ok(secure) = HeaderValue::from_bytes(&secure) {
            *cookie = secure;
        }
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICTLY));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cookie_over_https_is_secure() {
        let mut headers = HeaderMap::new();
        for cookie in ["a=1; HttpOnly", "b=2"] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        over_https(&mut headers);
        let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["__Host-a=1; HttpOnly; Secure", "__Host-b=2; Secure"]);
        assert_eq!(headers.len(), 3);
    }

    #[test]
    fn a_cookie_slipped_in_over_https_is_not_read() {
        let mut headers = HeaderMap::new();
        let cookies = ["a=evil; __Host-a=1;b=2", "x=é; __Host-c=3; __host-d=4; __Host- e=5"];
        for cookies in cookies {
            headers.append(header::COOKIE, HeaderValue::from_bytes(cookies.as_bytes()).unwrap());
        }
        own_cookies(&mut headers);
        let cookies: Vec<_> = headers.get_all(header::COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; c=3"]);
    }
}
