//! JSON of rows made small before it is sealed: rows of one table repeat the same keys and headers, which are most of
//! their bytes. It takes less time than to encipher, write and copy what it spares.
//!
//! A packed text begins with the version of its vocabulary, which no JSON begins with; the vocabulary is one of LZ4's
//! dictionaries, and may never change: a further one gets a further version.

use lz4_flex::block::{compress_into_with_dict, decompress_with_dict, get_maximum_output_size};

const VERSION: u8 = 1;
const VOCABULARY: &[u8] = include_bytes!("packed/v1.txt");
/// Version, and the length of the JSON (little-endian).
const HEAD: usize = 5;
/// Below this nothing is gained.
const LEAST: usize = 96;

/// The text packed, or as it is where that is no longer.
pub fn pack(json: Vec<u8>) -> Vec<u8> {
    let Some(length) = u32::try_from(json.len()).ok().filter(|_| json.len() >= LEAST) else {
        return json;
    };
    let mut out = vec![0; HEAD + get_maximum_output_size(json.len())];
    let packed = compress_into_with_dict(&json, &mut out[HEAD..], VOCABULARY);
    match packed {
        Ok(size) if HEAD + size < json.len() => {
            out.truncate(HEAD + size);
            out[0] = VERSION;
            out[1..HEAD].copy_from_slice(&length.to_le_bytes());
            out
        }
        _ => json,
    }
}

/// The text that was packed; one that never was is given back as it is. `None` where it is damaged.
pub fn unpack(packed: Vec<u8>) -> Option<Vec<u8>> {
    let Some((&VERSION, rest)) = packed.split_first() else {
        return Some(packed);
    };
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    // No LZ4 text grows further: damaged bytes take no memory.
    if length / 256 > rest.len() {
        return None;
    }
    decompress_with_dict(rest, length, VOCABULARY).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was packed with it must open for ever.
    #[test]
    fn the_vocabulary_is_what_it_was() {
        assert_eq!(
            sync::digest::hex(&sync::canonical::digest_bytes(VOCABULARY)),
            DIGEST
        );
    }

    const DIGEST: &str = "c3ff62ee5f64bacc20d6eb07144e5c973ca4761c8b8e78666adaf7a81d0ae742";

    #[test]
    fn a_row_becomes_much_smaller() {
        let row = r#"{"values":{"address":"鹤城镇梅田村委会新头村121号","birth_date":"1981-07-11","id_number":"440784198107110007","name":"唐文","phone":"18600000000","sex":"男"},"handed_in":[["序号","1"],["姓名","唐文"],["性别","男"],["身份证号码","440784198107110007"],["家庭住址","鹤城镇梅田村委会新头村121号"],["联系电话","18600000000"]]}"#;
        let packed = pack(row.as_bytes().to_vec());
        assert!(packed.len() * 2 < row.len(), "{} of {}", packed.len(), row.len());
        assert_eq!(unpack(packed).unwrap(), row.as_bytes());
    }

    #[test]
    fn whatever_is_packed_comes_back() {
        for n in 0..400 {
            let text = "户口本\"{}[]，，, 何a".chars().cycle().skip(n % 17).take(n * 3);
            let json = serde_json::to_vec(&text.collect::<String>()).unwrap();
            assert_eq!(unpack(pack(json.clone())).unwrap(), json);
        }
    }

    #[test]
    fn damaged_bytes_are_told() {
        let packed = pack(vec![b'7'; 4000]);
        for at in 0..packed.len() {
            let mut bad = packed.clone();
            bad[at] ^= 0x55;
            let _ = unpack(bad);
            assert_ne!(
                unpack(packed[..at].to_vec()).as_deref(),
                Some([b'7'; 4000].as_slice())
            );
        }
    }
}
