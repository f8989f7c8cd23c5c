//! Framing of TFRecord files.
//!
//! A record is its length (8 bytes, little-endian), the masked CRC-32C of those bytes, the data, and the masked
//! CRC-32C of the data. The mask keeps a checksum from lying among the data that it is a checksum of.

/// Appends a record to a file.
pub fn append(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    file.extend_from_slice(&length);
    file.extend_from_slice(&masked_crc(&length).to_le_bytes());
    file.extend_from_slice(data);
    file.extend_from_slice(&masked_crc(data).to_le_bytes());
}

/// CRC-32C, rotated right by 15 bits, plus a constant.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The records of a file, each checked against both of its checksums.
    pub(crate) fn read(mut file: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        while !file.is_empty() {
            let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            assert_eq!(word(&file[8..12]), masked_crc(&file[..8]));
            let data = &file[12..12 + length];
            assert_eq!(word(&file[12 + length..16 + length]), masked_crc(data));
            records.push(data.to_vec());
            file = &file[16 + length..];
        }
        records
    }

    /// RFC 3720, B.4: the CRC-32C of 32 zero bytes is 8a9136aa, that of "123456789" (the check value of every
    /// catalogue of CRCs) e3069283. Masked by hand: rotating e3069283 right by 15 gives 2507c60d, plus a282ead8.
    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(
            masked_crc(b"123456789"),
            0x2507_c60d_u32.wrapping_add(0xa282_ead8)
        );
    }

    #[test]
    fn records_come_back() {
        let mut file = Vec::new();
        append(&mut file, b"one");
        append(&mut file, b"");
        assert_eq!(file.len(), 16 + 3 + 16);
        assert_eq!(read(&file), [b"one".to_vec(), Vec::new()]);
    }
}
