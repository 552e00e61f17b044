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
//! | `session`, `origin`, `form`, `named` | guests and cookies, what our forms and addresses say |
//! | `frame`, `drop_view`, `item_view`, `claim_view`, `countdown`, `doubt` | what templates show |
//! | `programme`, `drop_page`, `put_claim`, `claim_page`, `me`, `guest` | one page or act each |
//! | `board_page`, `board_view`, `board_samples` | the big screen |
//! | `check_page`, `reminder` | receipts checked in the browser; a calendar's entry |
//! | `samples`, `dev` | every page in every state, made up, and the page that shows them |
//! | `fault`, `starting` | refusals in words; what a server says that does not serve yet |
//! | `lang`, `format` | who reads which language; amounts and times |
//! | `assets` | style, scripts, pictures |

mod assets;
mod board_page;
mod board_samples;
mod board_view;
mod check_page;
mod claim_page;
mod claim_view;
mod countdown;
mod dev;
mod doubt;
mod drop_page;
mod drop_view;
mod fault;
mod form;
mod format;
mod frame;
mod guest;
mod item_view;
mod lang;
mod me;
mod named;
mod origin;
mod programme;
mod put_claim;
mod reminder;
mod samples;
pub(crate) mod session;
mod shut_view;
mod starting;
#[cfg(test)]
mod tests;
mod visit;

pub(crate) use crate::kit::words::{Key, grouped};
pub use assets::asset_file;
pub use board_page::board;
pub use check_page::check;
pub use claim_page::{back_to_claim, claim, receipt, release, settle};
pub use dev::{dev, dev_sample};
pub(crate) use doubt::Doubt;
pub use drop_page::{back_to_drop, drop};
pub(crate) use drop_view::State;
pub(crate) use fault::Fault;
pub use fault::{nothing, told, wrong_method};
pub(crate) use form::{Nothing, Posted};
pub(crate) use format::{money, span};
pub(crate) use frame::Frame;
pub use guest::enter;
pub(crate) use guest::inside;
pub use me::me;
pub(crate) use named::Named;
pub use origin::is_elsewheres;
pub use programme::programme;
pub use put_claim::put_claim;
pub use reminder::reminder;
pub(crate) use shut_view::LOOK_AGAIN_MS;
pub use starting::{Starting, StartingFront};
pub(crate) use visit::{Page, Visit};
