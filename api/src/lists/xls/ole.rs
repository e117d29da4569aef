//! The container of a .xls: a small file system of sectors. Every chain is followed at most once through the file.

use super::super::refusal::{Code, Refusal};

/// Where a chain ends, and other marks above any sector.
const LAST_SECTOR: u32 = 0xFFFF_FFFA;
/// Most bytes of one stream.
const MOST_STREAM: usize = 256 << 20;

pub struct Container<'a> {
    bytes: &'a [u8],
    sector: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_sector: usize,
    mini_limit: u64,
    entries: Vec<Entry>,
    /// The stream that holds the small ones.
    small: Vec<u8>,
}

struct Entry {
    name: String,
    start: u32,
    size: u64,
}

impl<'a> Container<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Container<'a>, Refusal> {
        let shift = u16_at(bytes, 30)
            .filter(|s| matches!(s, 9 | 12))
            .ok_or_else(not_ole)?;
        let mini_shift = u16_at(bytes, 32)
            .filter(|s| (4..=9).contains(s))
            .ok_or_else(not_ole)?;
        let mut container = Container {
            bytes,
            sector: 1 << shift,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_sector: 1 << mini_shift,
            mini_limit: u64::from(u32_at(bytes, 56).unwrap_or(4096)),
            entries: Vec::new(),
            small: Vec::new(),
        };
        container.fat = container.read_fat()?;
        let directory = container.chain(u32_at(bytes, 48).unwrap_or(LAST_SECTOR), None)?;
        let root = container.read_directory(&directory);
        container.mini_fat = words(&container.chain(u32_at(bytes, 60).unwrap_or(LAST_SECTOR), None)?);
        if let Some((start, size)) = root {
            container.small = container.chain(start, Some(size))?;
        }
        Ok(container)
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.name == name)
    }

    /// A stream's bytes, by its name in whatever case.
    pub fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(entry) = self.entries.iter().find(|e| e.name.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        let stream = match entry.size < self.mini_limit {
            true => self.small_chain(entry.start, entry.size)?,
            false => self.chain(entry.start, Some(entry.size))?,
        };
        Ok(Some(stream))
    }

    /// A sector's bytes; the last of the file may be cut short.
    fn sector(&self, n: u32) -> Option<&'a [u8]> {
        let from = (n as usize).checked_add(1)?.checked_mul(self.sector)?;
        let to = from.checked_add(self.sector)?.min(self.bytes.len());
        (from < to).then(|| &self.bytes[from..to])
    }

    fn read_fat(&self) -> Result<Vec<u32>, Refusal> {
        let all = self.bytes.len() / self.sector + 1;
        let mut places: Vec<u32> = words(self.bytes.get(76..512).ok_or_else(not_ole)?);
        let mut next = u32_at(self.bytes, 68).unwrap_or(LAST_SECTOR);
        let mut seen = 0;
        while next < LAST_SECTOR && seen <= all {
            let more = words(self.sector(next).ok_or_else(Refusal::damaged)?);
            let (last, more) = more.split_last().ok_or_else(Refusal::damaged)?;
            places.extend(more);
            next = *last;
            seen += 1;
        }
        let mut fat = Vec::new();
        for place in places.into_iter().filter(|p| *p < LAST_SECTOR).take(all) {
            let sector = self.sector(place).ok_or_else(Refusal::damaged)?;
            fat.extend(words(sector));
        }
        Ok(fat)
    }

    /// The bytes of a chain, cut to the size where it is known.
    fn chain(&self, start: u32, size: Option<u64>) -> Result<Vec<u8>, Refusal> {
        let most = self.bytes.len() / self.sector + 1;
        let size = size.map_or(MOST_STREAM, |s| {
            usize::try_from(s).unwrap_or(MOST_STREAM).min(MOST_STREAM)
        });
        let mut out = Vec::new();
        let mut next = start;
        for _ in 0..=most {
            if next >= LAST_SECTOR || out.len() >= size {
                out.truncate(size);
                return Ok(out);
            }
            out.extend_from_slice(self.sector(next).ok_or_else(Refusal::damaged)?);
            next = *self.fat.get(next as usize).ok_or_else(Refusal::damaged)?;
        }
        // More steps than sectors: the chain bites its tail.
        Err(Refusal::damaged())
    }

    fn small_chain(&self, start: u32, size: u64) -> Result<Vec<u8>, Refusal> {
        let size = usize::try_from(size).unwrap_or(0).min(self.small.len());
        let mut out = Vec::new();
        let mut next = start;
        for _ in 0..=self.mini_fat.len() {
            if next >= LAST_SECTOR || out.len() >= size {
                break;
            }
            let from = (next as usize)
                .saturating_mul(self.mini_sector)
                .min(self.small.len());
            let to = (from + self.mini_sector).min(self.small.len());
            out.extend_from_slice(&self.small[from..to]);
            next = *self.mini_fat.get(next as usize).ok_or_else(Refusal::damaged)?;
        }
        out.truncate(size);
        Ok(out)
    }

    /// Keeps the streams; gives the root's start and size.
    fn read_directory(&mut self, directory: &[u8]) -> Option<(u32, u64)> {
        let mut root = None;
        for entry in directory.chunks_exact(128) {
            let length = usize::from(u16_at(entry, 64).unwrap_or(0)).min(64);
            let units: Vec<u16> = entry[..length]
                .chunks_exact(2)
                .map(|c| u16::from_le_bytes([c[0], c[1]]))
                .take_while(|u| *u != 0)
                .collect();
            let start = u32_at(entry, 116)?;
            let size = u64::from(u32_at(entry, 120)?);
            match entry[66] {
                5 => root = Some((start, size)),
                2 => self.entries.push(Entry {
                    name: String::from_utf16_lossy(&units),
                    start,
                    size,
                }),
                _ => {}
            }
        }
        root
    }
}

fn not_ole() -> Refusal {
    Refusal::new(
        Code::NotAList,
        "文件不是可读取的 Excel 表格；请在表格软件中打开并另存为 xlsx 格式后再上传。",
    )
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes
        .chunks_exact(4)
        .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
        .collect()
}

pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
