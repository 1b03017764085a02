//! Finds the objects in JSON text that stand for a value that JSON has no form for: those with a reserved name for
//! their only key. Whether a key is the only one is known only at the end of its object, and such objects can be
//! nested: looking ahead from each would take time in proportion to depth times size. Here each part of the text is
//! read once, from the outermost such object on.

use super::cursor::Cursor;
use super::names::RESERVED;
use super::string::{string_len, unescaped};
use crate::diorama::row::FIELD_DEPTH;

/// How many levels of brackets to look into, since deeper values are refused anyway: one level of a value takes at most
/// three brackets, in `{"$map": [[key, value]]}`.
const DEEPEST: usize = 3 * FIELD_DEPTH + 8;

#[derive(Debug, Default)]
pub(super) struct Specials {
    /// The offset up to which the text has been read.
    known_to: usize,
    /// The offsets of the objects in that part that begin with a reserved name but have other keys too.
    ordinary: Vec<usize>,
}

impl Specials {
    /// The reserved name that is the only key of the object at `offset` in `json`, if it is. Offsets must ascend from
    /// call to call.
    pub fn name(&mut self, json: &str, offset: usize) -> Option<&'static str> {
        let name = first_name(&json[offset..])?;
        if offset >= self.known_to {
            self.look(json, offset);
        }
        self.ordinary.binary_search(&offset).is_err().then_some(name)
    }

    /// Looks through the object at `start`, in text that is known to be JSON.
    fn look(&mut self, json: &str, start: usize) {
        self.ordinary.clear();
        let bytes = json.as_bytes();
        // For each open bracket, its offset if it begins an object whose only key so far is a reserved name.
        let mut open: Vec<Option<usize>> = Vec::new();
        let (mut deeper, mut at) = (0, start);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' if open.len() == DEEPEST => deeper += 1,
                b'{' => open.push(first_name(&json[at..]).map(|_| at)),
                b'[' => open.push(None),
                b'}' | b']' if deeper > 0 => deeper -= 1,
                b'}' | b']' => drop(open.pop()),
                b',' if deeper == 0 => self.ordinary.extend(open.last_mut().and_then(Option::take)),
                b'"' => at += string_len(&bytes[at..]) - 1,
                _ => {}
            }
            at += 1;
            if open.is_empty() {
                break;
            }
        }
        self.known_to = at;
        self.ordinary.sort_unstable();
    }
}

/// The first key of an object, if it is a reserved name.
fn first_name(object: &str) -> Option<&'static str> {
    let mut at = Cursor::new(object);
    if at.peek() != b'{' {
        return None;
    }
    at.pass();
    if at.peek() != b'"' {
        return None;
    }
    let string = &at.rest()[..string_len(at.rest().as_bytes())];
    let key = match string.as_bytes() {
        [_, b'$' | b'\\', ..] => unescaped(string)?,
        _ => return None,
    };
    RESERVED.into_iter().find(|name| *name == key)
}
