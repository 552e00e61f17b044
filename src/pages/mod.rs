//! Pages for people: the programme, a drop, what a fan claimed; in Simplified Chinese and English.
//!
//! Every page works without a script; with one, countdowns run by the server's time. A guest's
//! session is made by the first claim or by one tap. Forms are taken from our own pages only.
//!
//! Promises: what a page says comes from published state, never ahead of the durable row; a form
//! sent twice makes one claim; no page is kept by a cache across an opening or a closing, and
//! none that is somebody's own; every text exists in both languages.
//!
//! | file | holds |
//! | --- | --- |
//! | `visit` | who asks, in which language; how pages and redirects are answered |
//! | `session`, `origin`, `form` | guests and their cookies, our own forms, what they say |
//! | `frame`, `drop_view`, `claim_view` | what templates show |
//! | `programme`, `drop_page`, `put_claim`, `claim_page`, `me`, `guest` | one page or act each |
//! | `fault` | refusals in words |
//! | `lang`, `words`, `format` | languages, texts, amounts and times |
//! | `assets` | style, script, icon |

mod assets;
mod claim_page;
mod claim_view;
mod drop_page;
mod drop_view;
mod fault;
mod form;
mod format;
mod frame;
mod guest;
mod lang;
mod me;
mod origin;
mod programme;
mod put_claim;
pub(crate) mod session;
#[cfg(test)]
mod tests;
mod visit;
mod words;

pub use assets::asset_file;
pub use claim_page::{back_to_claim, claim, receipt, release, settle};
pub use drop_page::{back_to_drop, drop};
pub(crate) use fault::Fault;
pub use fault::{nothing, told};
pub(crate) use form::{Nothing, Posted};
pub(crate) use frame::Frame;
pub use guest::enter;
pub(crate) use guest::inside;
pub use me::me;
pub use programme::programme;
pub use put_claim::put_claim;
pub(crate) use visit::{Page, Visit};
pub(crate) use words::Key;
