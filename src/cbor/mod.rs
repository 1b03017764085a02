//! CBOR, RFC 8949, and nothing else: neither the meaning of a value nor where it is stored.
//!
//! Where the RFC and ciborium differ, ciborium counts, because the apps read with it: simple values other
//! than the four known ones are refused, `undefined` is null, strings of indefinite length may nest, and
//! short bignums are integers. There are two walks. `verify` decides whether a value can be read, recursively and
//! down to a depth that each layout chooses; `items` shows any bytes as they are stored, without recursion.

pub(crate) mod as_written;
pub(crate) mod bignum;
pub(crate) mod encode;
pub(crate) mod error;
pub(crate) mod escape;
pub(crate) mod float;
pub(crate) mod items;
pub(crate) mod key_comparison;
pub(crate) mod notation;
pub(crate) mod pairs;
pub(crate) mod reader;
pub(crate) mod value;
pub(crate) mod verify;

pub use error::Error;
pub use notation::notation;
