//! What stands between the socket and the requests.
//!
//! `Plain` lets everybody in as they are and costs nothing, behind `Proxies` the caller is looked
//! up, `tls::Tls` shakes hands first. The compiler makes a listener for each, so none pays for
//! another.

use super::fields::Fields;
use crate::kit::proxy::{Caller, Proxies};
use std::future::{self, Future};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// What a connection comes in by. Every core has a copy.
pub trait Door: Clone + Send + 'static {
    /// What requests are read from.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// Lets a connection in; none if it does not behave.
    fn open(&self, stream: TcpStream) -> impl Future<Output = Option<Self::Stream>>;

    /// Whether the stream is the socket itself, so that it can be handed over.
    const BARE: bool;

    /// The socket, where the stream is that.
    fn bare(stream: Self::Stream) -> Option<TcpStream>;

    /// Who sent a request that came in here.
    fn caller(&self, peer: SocketAddr, fields: &impl Fields) -> Caller;
}

/// A door that lets everybody in as they are.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Door for Plain {
    type Stream = TcpStream;

    fn open(&self, stream: TcpStream) -> impl Future<Output = Option<TcpStream>> {
        future::ready(Some(stream))
    }

    const BARE: bool = true;

    fn bare(stream: TcpStream) -> Option<TcpStream> {
        Some(stream)
    }

    fn caller(&self, peer: SocketAddr, _: &impl Fields) -> Caller {
        Caller { address: peer, https: false }
    }
}

impl Door for Proxies {
    type Stream = TcpStream;

    fn open(&self, stream: TcpStream) -> impl Future<Output = Option<TcpStream>> {
        future::ready(Some(stream))
    }

    const BARE: bool = true;

    fn bare(stream: TcpStream) -> Option<TcpStream> {
        Some(stream)
    }

    fn caller(&self, peer: SocketAddr, fields: &impl Fields) -> Caller {
        self.said(peer, fields)
    }
}
