//! TLS below the journal's connections, on the library that the server's own TLS is on.

use crate::kit::database::{self, Mode, Secure};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use tokio_rustls::rustls::pki_types::ServerName;

/// Speaks to servers as a URL says.
#[derive(Clone)]
pub(super) struct Speaking(Option<TlsConnector>);

impl Speaking {
    /// Reads the files anew that the URL names: they may have been replaced.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(secure: &Secure) -> Result<Self, String> {
        if secure.mode == Mode::Plain {
            return Ok(Self(None));
        }
        let config = database::client(secure)?;
        Ok(Self(Some(TlsConnector::from(Arc::new(config)))))
    }
}

/// What the library is told; whom it may speak to is ours to look at.
pub(super) fn mode(secure: &Secure) -> SslMode {
    match secure.mode {
        Mode::Plain => SslMode::Disable,
        Mode::Offered => SslMode::Prefer,
        Mode::Required | Mode::Verified => SslMode::Require,
    }
}

impl MakeTlsConnect<Socket> for Speaking {
    type Stream = Secured;
    type TlsConnect = To;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<To> {
        Ok(To { host: host.to_owned(), by: self.0.clone() })
    }
}

/// One handshake to come.
pub(super) struct To {
    host: String,
    by: Option<TlsConnector>,
}

impl TlsConnect<Socket> for To {
    type Stream = Secured;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Secured>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let by = self.by.ok_or_else(|| io::Error::other("no TLS was asked for"))?;
            let name = ServerName::try_from(self.host).map_err(io::Error::other)?;
            by.connect(name, socket).await.map(Secured)
        })
    }
}

/// A connection over TLS.
pub(super) struct Secured(client::TlsStream<Socket>);

impl TlsStream for Secured {
    // A verified name says who the server is; SCRAM need not say it again.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
