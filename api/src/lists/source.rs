//! Where the bytes of a handed-in file come from: memory, a file on the disk, sealed chunks. They are read from their
//! start as often as the reader likes, so that a long text file need never be in memory as a whole.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// The bytes of a file.
pub trait Source {
    fn size(&self) -> u64;

    /// All bytes in order, from the first one on.
    ///
    /// # Errors
    /// Where the bytes cannot be had; the reader takes the file for damaged then.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;

    /// All bytes at once. Only formats that cannot be read from front to back ask for it.
    ///
    /// # Errors
    /// As [`Source::open`].
    fn whole(&self) -> io::Result<Cow<'_, [u8]>> {
        let mut bytes = Vec::with_capacity(self.size() as usize);
        self.open()?.read_to_end(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }
}

impl Source for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(*self))
    }

    fn whole(&self) -> io::Result<Cow<'_, [u8]>> {
        Ok(Cow::Borrowed(self))
    }
}

/// A file on the disk.
pub struct OnDisk {
    path: PathBuf,
    size: u64,
}

impl OnDisk {
    /// # Errors
    /// Where there is no such file, or none that may be read.
    pub fn new(path: PathBuf) -> io::Result<OnDisk> {
        let size = File::open(&path)?.metadata()?.len();
        Ok(OnDisk { path, size })
    }
}

impl Source for OnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(&self.path)?))
    }
}
