//! A disk that runs full at any call, for tests.

use super::storage::FileStorage;
use redb::StorageBackend;
use std::cell::Cell;
use std::fs;
use std::io;
use std::sync::Arc;

/// What becomes of the calls that change a file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Disk {
    /// Calls that it still takes; `None` if there is no end to them.
    pub room: Option<u32>,
    /// Whether it fails one call only.
    pub recovers: bool,
    /// Calls that it has refused.
    pub failed: u32,
}

thread_local! {
    pub(crate) static DISK: Cell<Disk> = Cell::default();
}

/// A file on [`DISK`]. What is not on the disk yet is lost with its power alone, which no test can take
/// away: nothing is synced.
#[derive(Debug)]
pub(crate) struct FullDisk(Box<dyn StorageBackend>);

impl FullDisk {
    pub fn boxed(file: &Arc<fs::File>) -> Box<dyn StorageBackend> {
        Box::new(FullDisk(FileStorage::boxed(file)))
    }

    fn room_for_a_call() -> io::Result<()> {
        let mut disk = DISK.get();
        let fails = disk.room == Some(0);
        disk.room = disk.room.map(|room| room.saturating_sub(1)).filter(|_| !(fails && disk.recovers));
        disk.failed += u32::from(fails);
        DISK.set(disk);
        if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for FullDisk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.0.read(offset, len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        FullDisk::room_for_a_call()?;
        self.0.set_len(len)
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        FullDisk::room_for_a_call()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let room = FullDisk::room_for_a_call();
        // A disk that runs full has taken the beginning of what it was given, and nothing after that.
        if room.is_err() && DISK.get().failed == 1 {
            self.0.write(offset, &data[..data.len() / 2])?;
        }
        room?;
        self.0.write(offset, data)
    }
}
