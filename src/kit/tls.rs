//! TLS: a certificate and its key from two files, the handshake in front of a connection, and
//! what an answer carries that went out over https.

use super::proxy::{Caller, Proxies};
use super::serve::{self, AnyBody, Door, Service};
use axum::http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Browsers that came by https once come by https for a month: a festival and what follows it.
const STRICTLY: HeaderValue = HeaderValue::from_static("max-age=2592000");

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

    fn ask<S: Service>(
        &self,
        service: &S,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<AnyBody>> {
        let caller = Caller { https: true, ..self.proxies.caller(peer, request.headers()) };
        serve::ask_for(caller, service, request)
    }
}

/// Reads a certificate and its key.
///
/// # Errors
/// In words: which file, what is wrong with it, what it should be.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let chain = chain(cert)?;
    let secret = secret(key)?;
    let (cert, key) = (cert.display(), key.display());
    let told = |why: rustls::Error| match why {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => format!(
            "the key in {key} does not belong to the first certificate in {cert}; name the pair \
             that was made together, the server's own certificate first"
        ),
        why => format!("{cert} and {key} cannot be used: {why}"),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(told)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(told)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Who comes back is known by a ticket it keeps itself: fronts share no table for it.
    config.ticketer = ring::Ticketer::new().map_err(told)?;
    config.send_tls13_tickets = 1;
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

/// What an answer over https carries: its cookies never travel otherwise, and the browser comes
/// by https from now on.
pub fn over_https(headers: &mut HeaderMap) {
    for (_, cookie) in headers.iter_mut().filter(|(name, _)| **name == header::SET_COOKIE) {
        let secure = [cookie.as_bytes(), b"; Secure"].concat();
        if let Ok(secure) = HeaderValue::from_bytes(&secure) {
            *cookie = secure;
        }
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICTLY);
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
        assert_eq!(cookies, ["a=1; HttpOnly; Secure", "b=2; Secure"]);
        assert_eq!(headers.len(), 3);
    }
}
