//! Whom we believe to be a database: its certificate, and words for what is wrong with it.

use super::{Mode, Secure};
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    version,
};

/// What a client of this database needs for TLS. Reads the files that are named.
///
/// # Errors
/// In words: which file, what is wrong with it.
pub fn client(secure: &Secure) -> Result<ClientConfig, String> {
    let told = |why: rustls::Error| format!("TLS cannot be spoken: {why}");
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(told)?;
    let config = if secure.mode == Mode::Verified {
        config.with_root_certificates(authorities(secure.authorities.as_deref())?)
    } else {
        let anybody = Arc::new(Anybody(provider));
        config.dangerous().with_custom_certificate_verifier(anybody)
    };
    let Some((cert, key)) = &secure.shown else { return Ok(config.with_no_client_auth()) };
    let chain = certificates(cert, "sslcert")?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key, "sslkey")?).map_err(|_| {
        format!("{}, named by sslkey: there is no private key in it to be read", key.display())
    })?;
    let config = config.with_client_auth_cert(chain, secret);
    config.map_err(|why| format!("sslcert and sslkey cannot be used together: {why}"))
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, String> {
    let Some(file) = file else {
        return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
    };
    let mut roots = RootCertStore::empty();
    for one in certificates(file, "sslrootcert")? {
        let added = roots.add(one);
        added.map_err(|why| format!("{}, named by sslrootcert: {why}", file.display()))?;
    }
    Ok(roots)
}

fn certificates(file: &Path, name: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(file, name)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let some = read.ok().filter(|some| !some.is_empty());
    some.ok_or_else(|| {
        format!("{}, named by {name}: there is no certificate in it to be read", file.display())
    })
}

fn read(file: &Path, name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|why| format!("{}, named by {name}: {why}", file.display()))
}

/// Where TLS is the reason, what to do about it; looks through all that `why` is made of.
pub fn words(why: &(dyn Error + 'static)) -> Option<String> {
    if why.to_string().ends_with("server does not support TLS") {
        return Some(
            "the server speaks no TLS, and the URL asks for it: set ssl = on there".to_owned(),
        );
    }
    if let Some(fault) = why.downcast_ref::<rustls::Error>() {
        return Some(told(fault));
    }
    // What is inside of such an error is not its source.
    let inside = why.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inside.and_then(|inside| words(inside)).or_else(|| why.source().and_then(words))
}

fn told(fault: &rustls::Error) -> String {
    match fault {
        // One of the same name and another key signs badly.
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => {
            "the server's certificate is from no authority that is trusted here: name the file of \
             its own by sslrootcert"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            why @ (CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. }),
        ) => format!(
            "the server is not the one that the URL names, or its certificate has the name \
             nowhere but in CN: {why}; it has to stand in subjectAltName"
        ),
        rustls::Error::InvalidCertificate(why) => {
            format!("the server's certificate is not taken: {why}")
        }
        rustls::Error::AlertReceived(alert) => format!(
            "the server ends TLS ({alert:?}): if it asks for a certificate, name one that it \
             trusts by sslcert and sslkey"
        ),
        other => format!("TLS: {other}"),
    }
}

/// Takes any certificate; that whoever shows it has its key is seen to all the same.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
