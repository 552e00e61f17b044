//! Who may speak as a node: whoever holds the nodes' key. Both sides show the same raw public key,
//! made of it, and each refuses any other (TLS 1.3; RFC 7250). There are no certificates to renew.

use std::sync::Arc;
use tokio_rustls::rustls::client::AlwaysResolvesClientRawPublicKeys;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::ring::{default_provider, sign::any_eddsa_type};
use tokio_rustls::rustls::crypto::verify_tls13_signature_with_raw_key;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use tokio_rustls::rustls::server::AlwaysResolvesServerRawPublicKeys;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme, version,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// An Ed25519 secret in PKCS #8, and its public key as a SubjectPublicKeyInfo, are these bytes and
/// the key's 32. Source: RFC 8410.
const SECRET_DER: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PUBLIC_DER: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// Both ends of a node's connections.
pub struct Ends {
    /// For those who come.
    pub acceptor: TlsAcceptor,
    /// For going to others.
    pub connector: TlsConnector,
}

/// Ends that know each other by the key made of this secret.
///
/// # Errors
/// If TLS cannot be set up, in words.
pub fn ends(secret: &[u8; 32]) -> Result<Ends, String> {
    let told = |why: Error| format!("the nodes' TLS: {why}");
    let public = ed25519_dalek::SigningKey::from_bytes(secret).verifying_key();
    let spki: Vec<u8> = [&PUBLIC_DER[..], public.as_bytes()].concat();
    let der = PrivatePkcs8KeyDer::from([&SECRET_DER[..], secret].concat());
    let key = any_eddsa_type(&der).map_err(told)?;
    let shown = vec![CertificateDer::from(spki.clone())];
    let own = Arc::new(CertifiedKey::new(shown, key));
    let known = Arc::new(Known { spki });
    let provider = Arc::new(default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&version::TLS13])
        .map_err(told)?
        .with_client_cert_verifier(known.clone())
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(own.clone())));
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(told)?
        .dangerous()
        .with_custom_certificate_verifier(known)
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(own)));
    Ok(Ends {
        acceptor: TlsAcceptor::from(Arc::new(server)),
        connector: TlsConnector::from(Arc::new(client)),
    })
}

/// How nodes sign a handshake.
const SCHEMES: [SignatureScheme; 1] = [SignatureScheme::ED25519];

fn too_old() -> Error {
    Error::General("nodes speak TLS 1.3".to_owned())
}

/// Knows one key, on either side.
#[derive(Debug)]
struct Known {
    spki: Vec<u8>,
}

impl Known {
    fn knows(&self, shown: &CertificateDer<'_>) -> Result<(), Error> {
        let same = shown.as_ref() == self.spki;
        if same { Ok(()) } else { Err(CertificateError::UnknownIssuer.into()) }
    }

    fn signed(
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        let key = SubjectPublicKeyInfoDer::from(shown.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &algorithms)
    }
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.knows(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SCHEMES.to_vec()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Known {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.knows(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SCHEMES.to_vec()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shakes hands, both ends; whether both took the other.
    async fn meet(from: &Ends, to: &Ends) -> bool {
        let (near, far) = tokio::io::duplex(16 * 1024);
        let name = ServerName::try_from("node").unwrap();
        let (gone, came) =
            tokio::join!(from.connector.connect(name, near), to.acceptor.accept(far));
        gone.is_ok() && came.is_ok()
    }

    #[tokio::test]
    async fn nodes_take_those_of_their_own_key_and_nobody_else() {
        let [own, same, other] = [[1; 32], [1; 32], [2; 32]].map(|secret| ends(&secret).unwrap());
        assert!(meet(&own, &same).await);
        assert!(!meet(&own, &other).await);
        assert!(!meet(&other, &own).await);
    }
}
