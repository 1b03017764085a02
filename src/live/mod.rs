//! The conventions of vantage-live 0.4: how it names its tables and splits its keys, how it encodes an envelope and how
//! leniently it reads one, and which bytes it ignores or would write in another way.
//!
//! This wing knows CBOR. It must not know JSON, redb, files or how a value is shown. In turn, no other wing knows the
//! prefix of the tables, the sub-key of the root entry, or the keys of an envelope.

pub(crate) mod deviation;
pub(crate) mod envelope;
pub(crate) mod error;
pub(crate) mod fetched_at;
pub(crate) mod head;
pub(crate) mod index;
pub(crate) mod key;
pub(crate) mod layout;
pub(crate) mod redact;
pub(crate) mod redate;
mod verify;
pub(crate) mod view;

pub use deviation::{Deviation, deviations};
pub use envelope::{CachedRows, Envelope, Record};
pub use error::DecodeError;
pub use fetched_at::{FetchedAt, date};
pub use head::EnvelopeHead;
pub use index::RowIndex;
pub use key::{Key, Selection};
pub use redact::redact;
pub use view::EnvelopeView;
