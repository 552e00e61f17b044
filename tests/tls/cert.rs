//! A self-signed certificate and its key, made for one test: version 3, Ed25519, for `localhost`,
//! of somebody called `fanfare`.

use base64_simd::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::path::{Path, PathBuf};

/// The files of a pair.
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
    /// The certificate as a client may trust it.
    pub der: Vec<u8>,
}

/// Bytes of DER with their tag and length, which has the shortest form.
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head: &[u8] = match (high, low) {
        (0, 0..128) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [head, &content].concat()
}

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;

/// 1.3.101.112. Source: RFC 8410, section 3.
const ED25519: [u8; 7] = [0x30, 5, 0x06, 3, 0x2b, 0x65, 0x70];

/// 2.5.29.17, the names a certificate is for. Source: RFC 5280, section 4.2.1.6.
const SUBJECT_ALT_NAME: [u8; 5] = [0x06, 3, 0x55, 0x1d, 17];

/// 2.5.4.3, a common name. Source: RFC 5280, appendix A.1.
const COMMON_NAME: [u8; 5] = [0x06, 3, 0x55, 4, 3];

fn bits(bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], bytes])
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode_to_string(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

impl Pair {
    /// Makes a pair from a seed and writes it down.
    pub fn make(folder: &Path, name: &str, seed: [u8; 32]) -> Self {
        let secret = SigningKey::from_bytes(&seed);
        let name_of = tagged(SEQUENCE, &[&COMMON_NAME, &tagged(0x0c, &[b"fanfare"])]);
        let whose = tagged(SEQUENCE, &[&tagged(0x31, &[&name_of])]);
        let time = |text: &str| tagged(0x18, &[text.as_bytes()]);
        let validity = tagged(SEQUENCE, &[&time("20250101000000Z"), &time("20990101000000Z")]);
        let public = bits(secret.verifying_key().as_bytes());
        let names = tagged(SEQUENCE, &[&tagged(0x82, &[b"localhost"])]);
        let names = tagged(SEQUENCE, &[&SUBJECT_ALT_NAME, &tagged(OCTETS, &[&names])]);
        let body = tagged(
            SEQUENCE,
            &[
                &tagged(0xa0, &[&[0x02, 1, 2]]), // Version 3.
                &[0x02, 1, 7],                   // Its number.
                &ED25519,
                &whose,
                &validity,
                &whose,
                &tagged(SEQUENCE, &[&ED25519, &public]),
                &tagged(0xa3, &[&tagged(SEQUENCE, &[&names])]),
            ],
        );
        let signature = bits(&secret.sign(&body).to_bytes());
        let der = tagged(SEQUENCE, &[&body, &ED25519, &signature]);
        let inner = tagged(OCTETS, &[&tagged(OCTETS, &[&seed])]);
        let pkcs8 = tagged(SEQUENCE, &[&[0x02, 1, 0], &ED25519, &inner]);
        let (cert, key) = (format!("{name}.crt"), format!("{name}.key"));
        let pair = Self { cert: folder.join(cert), key: folder.join(key), der };
        std::fs::write(&pair.cert, pem("CERTIFICATE", &pair.der)).unwrap();
        std::fs::write(&pair.key, pem("PRIVATE KEY", &pkcs8)).unwrap();
        pair
    }
}
