//! Where a value ends in JSON text, judged by its brackets and quotes alone.

use memchr::memchr2;

/// Finds the end of a value whose text comes in parts.
#[derive(Default)]
pub(crate) struct Extent {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    has_begun: bool,
}

impl Extent {
    /// Where the value ends in `part`, if it does.
    pub fn end(&mut self, part: &[u8]) -> Option<usize> {
        let mut n = 0;
        while let Some(byte) = part.get(n) {
            if self.is_escaped {
                self.is_escaped = false;
                n += 1;
                continue;
            }
            if self.in_text {
                n += memchr2(b'"', b'\\', &part[n..])? + 1;
                self.is_escaped = part[n - 1] == b'\\';
                self.in_text = self.is_escaped;
                if !self.in_text && self.depth == 0 {
                    return Some(n);
                }
                continue;
            }
            match byte {
                b'"' | b'{' | b'[' if self.depth == 0 && self.has_begun => return Some(n),
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' => return Some(n + self.depth),
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Some(n),
                _ => {}
            }
            self.has_begun = true;
            n += 1;
        }
        None
    }
}
