//! Who has a cache open. Nothing here takes a lock to find out: any lock held at the moment at
//! which the app starts makes the app fail.

use std::fmt;
use std::fs;

/// A process that holds a lock on a cache file, or has the file open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The name of its program, where the system tells it.
    pub name: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        match &self.name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// The processes that hold a lock on the file; `None` where the system does not say.
pub(crate) fn of(file: &fs::Metadata) -> Option<Vec<Holder>> {
    system::holders(file)
}

#[cfg(target_os = "linux")]
mod system {
    use super::Holder;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    pub(super) fn holders(file: &fs::Metadata) -> Option<Vec<Holder>> {
        let locks = fs::read_to_string("/proc/locks").ok()?;
        let (inode, device) = (file.ino(), file.dev());
        let of_inode: Vec<Lock> = locks.lines().filter_map(Lock::parse).filter(|lock| lock.inode == inode).collect();
        // overlayfs and btrfs show another device here than stat does.
        let same_device = of_inode.iter().any(|lock| lock.device == device);
        let mut pids: Vec<u32> =
            of_inode.iter().filter(|lock| lock.device == device || !same_device).map(|lock| lock.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        Some(pids.into_iter().map(named).collect())
    }

    /// A line such as `1: FLOCK  ADVISORY  WRITE 4711 fe:00:131083 0 EOF`.
    struct Lock {
        pid: u32,
        device: u64,
        inode: u64,
    }

    impl Lock {
        fn parse(line: &str) -> Option<Lock> {
            let mut fields = line.split_ascii_whitespace().skip(1).filter(|field| *field != "->");
            let pid = fields.nth(3)?.parse().ok()?;
            let mut file = fields.next()?.split(':');
            let mut hexadecimal = || u64::from_str_radix(file.next()?, 16).ok();
            let (major, minor) = (hexadecimal()?, hexadecimal()?);
            let inode = file.next()?.parse().ok()?;
            // As the C library packs a device number.
            let device = (major & 0xfff) << 8 | (major >> 12) << 32 | minor & 0xff | (minor >> 8) << 20;
            Some(Lock { pid, device, inode })
        }
    }

    fn named(pid: u32) -> Holder {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim_end().to_owned());
        Holder { pid, name: name.filter(|name| !name.is_empty()) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_of_proc_locks_names_process_device_and_inode() {
            let lock = Lock::parse("2: FLOCK  ADVISORY  WRITE 4711 fe:10:131083 0 EOF").expect("a lock");
            assert_eq!((lock.pid, lock.inode, lock.device), (4711, 131_083, 0xfe << 8 | 0x10));
            let waiting = Lock::parse("2: -> FLOCK  ADVISORY  WRITE 12 00:2a:7 0 EOF").expect("a lock");
            assert_eq!((waiting.pid, waiting.inode, waiting.device), (12, 7, 0x2a));
            assert!(Lock::parse("").is_none() && Lock::parse("1: FLOCK ADVISORY").is_none());
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Holder;

    pub(super) fn holders(_: &std::fs::Metadata) -> Option<Vec<Holder>> {
        None
    }
}
