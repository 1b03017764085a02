//! What vantage-live makes of names and values. This wing alone knows how it names its tables and
//! splits its keys, what an envelope is, and which of its bytes vantage-live ignores or alters. It
//! knows CBOR, and neither JSON nor files.

pub(crate) mod deviation;
pub(crate) mod envelope;
pub(crate) mod key;
pub(crate) mod redact;

pub use deviation::{Deviation, deviations};
pub use envelope::{CachedRows, Envelope, EnvelopeHead, EnvelopeView, Record};
pub use key::{Key, Selection};
pub use redact::redact;
