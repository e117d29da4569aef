//! What is known of the file system that data lies on: how much room is left, and whether an embedded database must
//! not lie there. Over a network, or in somebody else's process, neither locks nor flushes are what SQLite takes them
//! for, and what was acknowledged can be lost.

use std::io;
use std::path::Path;

/// File systems by the number that `statfs` answers, with the name that an operator knows them by.
const REFUSED: &[(u32, &str)] = &[
    (0x0000_6969, "NFS"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x0000_517B, "SMB"),
    (0x0102_1997, "9p"),
    // sshfs, s3fs, davfs, virtiofs, …: which of them it is, the number does not say.
    (0x6573_5546, "FUSE"),
    (0x00C3_6400, "Ceph"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0xAAD7_AAEA, "PanFS"),
    (0x0116_1970, "GFS2"),
    (0x7461_636F, "OCFS2"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0000_564C, "NCP"),
    (0xBACB_ACBC, "vmhgfs"),
    (0x786F_4256, "vboxsf"),
];

/// The name of the file system that `folder` lies on, where the embedded database is refused there. Elsewhere than
/// on Linux nothing is known, and nothing refused.
pub fn refused(folder: &Path) -> io::Result<Option<&'static str>> {
    Ok(number(folder)?.and_then(named))
}

/// Bytes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What the program may still write.
    pub free: u64,
    pub size: u64,
}

/// The room on the file system of `folder`; elsewhere than on Linux nothing is known.
#[cfg(target_os = "linux")]
pub fn space(folder: &Path) -> io::Result<Option<Space>> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(Some(Space {
        free: found.f_bavail.saturating_mul(found.f_frsize),
        size: found.f_blocks.saturating_mul(found.f_frsize),
    }))
}

#[cfg(not(target_os = "linux"))]
pub fn space(_folder: &Path) -> io::Result<Option<Space>> {
    Ok(None)
}

fn named(number: u32) -> Option<&'static str> {
    let found = REFUSED.iter().find(|(refused, _)| *refused == number);
    found.map(|(_, name)| *name)
}

#[cfg(target_os = "linux")]
fn number(folder: &Path) -> io::Result<Option<u32>> {
    // Wider on some machines than on others: all known numbers have 32 bits.
    Ok(Some(rustix::fs::statfs(folder)?.f_type as u32))
}

#[cfg(not(target_os = "linux"))]
fn number(_folder: &Path) -> io::Result<Option<u32>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names() {
        for (number, expected) in [
            (0x6969, Some("NFS")),
            (0xFF53_4D42, Some("CIFS")),
            (0xFE53_4D42, Some("SMB2")),
            (0x0102_1997, Some("9p")),
            (0x6573_5546, Some("FUSE")),
            // ext4, XFS, Btrfs, ZFS, tmpfs, overlayfs, F2FS.
            (0xEF53, None),
            (0x5846_5342, None),
            (0x9123_683E, None),
            (0x2FC1_2FC1, None),
            (0x0102_1994, None),
            (0x794C_7630, None),
            (0xF2F5_2010, None),
        ] {
            assert_eq!(named(number), expected, "{number:#x}");
        }
        // The same number on a machine whose field is signed and narrow.
        assert_eq!(named(0xFF53_4D42_u32 as i32 as u32), Some("CIFS"));
        let mut numbers: Vec<u32> = REFUSED.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), REFUSED.len(), "each number stands once");
    }

    #[test]
    fn a_folder_of_this_machine_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(refused(folder.path()).unwrap(), None);
        if let Some(space) = space(folder.path()).unwrap() {
            assert!(space.free <= space.size && space.size > 0);
        }
        assert!(refused(&folder.path().join("missing")).is_err());
    }
}
