//! The memory of pages, which is used again once nothing refers to the page any more. Zeroing new memory takes longer
//! than verifying what is read into it.

use crate::system::pool::Pool;
use std::mem;
use std::sync::Arc;

/// Bytes of the smallest page.
const SMALLEST: u64 = 4 * 1024;

/// The sizes of pages whose memory is used again, from [`SMALLEST`] on, each twice the last: up to 64 KiB.
const SIZES: usize = 5;

/// Memory for the pages of a file, apart for each size: no small page takes the memory of a large one.
#[derive(Debug, Default)]
pub struct Buffers([Pool<Vec<u8>>; SIZES]);

impl Buffers {
    /// Memory for a page of `size` bytes. It may hold the bytes of another page.
    pub fn take(self: &Arc<Buffers>, size: u64) -> Buffer {
        let class = (0..SIZES).find(|class| size <= SMALLEST << class);
        let bytes = class.map_or_else(Vec::new, |class| self.0[class].take());
        Buffer { bytes, home: class.map(|class| (Arc::clone(self), class)) }
    }
}

/// The memory of one page.
#[derive(Debug)]
pub struct Buffer {
    pub(super) bytes: Vec<u8>,
    /// Where it goes in the end, and as memory for which size.
    home: Option<(Arc<Buffers>, usize)>,
}

impl Buffer {
    /// Copies `bytes` to its beginning.
    pub fn fill(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(..bytes.len()) {
            Some(begin) => begin.copy_from_slice(bytes),
            None => bytes.clone_into(&mut self.bytes),
        }
    }

    /// Releases what is after the first bytes. The rest is not used again.
    pub fn without_spare(mut self, used: usize) -> Buffer {
        self.home = None;
        self.bytes.truncate(used);
        self.bytes.shrink_to_fit();
        self
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Buffer {
        Buffer { bytes, home: None }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some((home, class)) = self.home.take() {
            home.0[class].give_back(mem::take(&mut self.bytes));
        }
    }
}
