//! A disk that runs full at a chosen call, for tests.

use super::storage::FileStorage;
use redb::StorageBackend;
use std::cell::Cell;
use std::fs;
use std::io;
use std::sync::Arc;

/// How the calls that change a file end.
#[derive(Clone, Copy, Default)]
pub(crate) struct Disk {
    /// Calls that still succeed; `None` for all.
    pub room: Option<u32>,
    /// Whether only one call fails.
    pub recovers: bool,
    /// Calls that have failed.
    pub failed: u32,
}

thread_local! {
    pub(crate) static DISK: Cell<Disk> = Cell::default();
}

/// A file on [`DISK`]. Nothing is synced: only a loss of power, which no test can cause, would lose what is not on disk
/// yet.
#[derive(Debug)]
pub(crate) struct FullDisk(Box<dyn StorageBackend>);

impl FullDisk {
    pub fn new(file: &Arc<fs::File>) -> FullDisk {
        FullDisk(FileStorage::boxed(file))
    }

    pub fn boxed(file: &Arc<fs::File>) -> Box<dyn StorageBackend> {
        Box::new(FullDisk::new(file))
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
        // A disk that runs full has written the beginning of the data and nothing after it.
        if room.is_err() && DISK.get().failed == 1 {
            self.0.write(offset, &data[..data.len() / 2])?;
        }
        room?;
        self.0.write(offset, data)
    }
}
