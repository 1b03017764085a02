//! Tables whose types are known only at run time.
//!
//! redb takes the types of a table from Rust types, and records their names and widths in the table. Copying a table
//! byte for byte needs only these and an order, so one Rust type serves for all tables: it is told, per thread, what it
//! represents before a table is opened.

use crate::file;
use redb::{Key, TypeName, Value};
use std::cell::RefCell;
use std::cmp::Ordering;

/// Keys of the table that [`declare`] was called for last.
pub(crate) type RawKey = Raw<0>;

/// Its values.
pub(crate) type RawValue = Raw<1>;

/// Bytes as they are stored.
#[derive(Debug)]
pub(crate) struct Raw<const SIDE: usize>;

struct Declared {
    names: [TypeName; 2],
    widths: [Option<usize>; 2],
    is_bytewise: bool,
}

thread_local! {
    static DECLARED: RefCell<Option<Declared>> = const { RefCell::new(None) };
    static PARTS: RefCell<[String; 2]> = const { RefCell::new([String::new(), String::new()]) };
}

/// Declares what [`RawKey`] and [`RawValue`] represent on this thread. Returns `None` for types of redb that cannot be
/// named, which are arrays of unusual lengths.
///
/// Keys that are text or bytes are in their own order. Of any other type it is only known that the pairs arrive in the
/// order of the table: each new key, or value of a multimap, follows all others.
pub(crate) fn declare(definition: &file::Definition) -> Option<()> {
    let names = [type_name(&definition.key_type)?, type_name(&definition.value_type)?];
    let width = |width: Option<u32>| width.map(|width| usize::try_from(width).expect("a width of 32 bits"));
    let widths = [width(definition.widths.key), width(definition.widths.value)];
    let is_bytewise = is_bytewise(definition);
    DECLARED.with_borrow_mut(|declared| *declared = Some(Declared { names, widths, is_bytewise }));
    Some(())
}

/// Whether the order of a table's keys is that of their bytes.
pub(crate) fn is_bytewise(definition: &file::Definition) -> bool {
    let key = &definition.key_type;
    !definition.multimap && key.builtin && ["&str", "&[u8]", "String"].contains(&key.name.as_str())
}

fn declared<T>(get: impl FnOnce(&Declared) -> T) -> T {
    DECLARED.with_borrow(|declared| get(declared.as_ref().expect("declared before a table is opened")))
}

impl<const SIDE: usize> Value for Raw<SIDE> {
    type SelfType<'a> = &'a [u8];
    type AsBytes<'a> = &'a [u8];

    fn fixed_width() -> Option<usize> {
        declared(|declared| declared.widths[SIDE])
    }

    fn from_bytes<'a>(data: &'a [u8]) -> &'a [u8]
    where
        Self: 'a,
    {
        data
    }

    fn as_bytes<'a, 'b: 'a>(value: &'a &'b [u8]) -> &'a [u8]
    where
        Self: 'b,
    {
        value
    }

    fn type_name() -> TypeName {
        declared(|declared| declared.names[SIDE].clone())
    }
}

impl<const SIDE: usize> Key for Raw<SIDE> {
    fn compare(new: &[u8], other: &[u8]) -> Ordering {
        if declared(|declared| declared.is_bytewise) || new == other { new.cmp(other) } else { Ordering::Greater }
    }
}

/// A part of the name of a type of redb's own that is made of others.
#[derive(Debug)]
struct Part<const N: usize>;

impl<const N: usize> Value for Part<N> {
    type SelfType<'a> = ();
    type AsBytes<'a> = [u8; 0];

    fn fixed_width() -> Option<usize> {
        None
    }

    fn from_bytes<'a>(_: &'a [u8])
    where
        Self: 'a,
    {
    }

    fn as_bytes<'a, 'b: 'a>((): &'a ()) -> [u8; 0]
    where
        Self: 'b,
    {
        []
    }

    fn type_name() -> TypeName {
        PARTS.with_borrow(|parts| TypeName::new(&parts[N]))
    }
}

/// redb distinguishes its own types from those of an app, and does not let others use their names.
fn type_name(name: &file::TypeName) -> Option<TypeName> {
    if !name.builtin {
        return Some(TypeName::new(&name.name));
    }
    let name = name.name.as_str();
    simple(name).or_else(|| composed(name))
}

fn simple(name: &str) -> Option<TypeName> {
    macro_rules! one_of {
        ($($simple:ty),*) => {
            match name {
                $(stringify!($simple) => Some(<$simple>::type_name()),)*
                "&str" => Some(<&str>::type_name()),
                "&[u8]" => Some(<&[u8]>::type_name()),
                _ => None,
            }
        };
    }
    one_of!((), bool, char, String, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64)
}

fn composed(name: &str) -> Option<TypeName> {
    let within = |start, end| name.strip_prefix(start).and_then(|rest: &str| rest.strip_suffix(end));
    let parts = |first: &str, second: &str| PARTS.set([first.to_owned(), second.to_owned()]);
    if let Some(inner) = within("Option<", ">") {
        parts(inner, "");
        Some(Option::<Part<0>>::type_name())
    } else if let Some(inner) = within("Vec<", ">") {
        parts(inner, "");
        Some(Vec::<Part<0>>::type_name())
    } else if let Some((first, second)) = within("(", ")").and_then(|inner| inner.split_once(',')) {
        // Longer ones are written the same way.
        parts(first, second);
        Some(<(Part<0>, Part<1>)>::type_name())
    } else {
        let (inner, length) = within("[", "]")?.rsplit_once(';')?;
        parts(inner, "");
        array(length)
    }
}

fn array(length: &str) -> Option<TypeName> {
    macro_rules! one_of {
        ($($length:literal),*) => {
            match length {
                $(stringify!($length) => Some(<[Part<0>; $length]>::type_name()),)*
                _ => None,
            }
        };
    }
    one_of!(
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 32, 33, 34, 35, 36, 40, 48, 56, 64, 65, 72, 80, 96, 100, 128, 256, 512, 1024
    )
}
