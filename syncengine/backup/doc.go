// Package backup is the format of a backup file: the rows of a store as they
// were at one moment, and the files beside it, framed, numbered and hashed, so that a file that is cut
// short, altered, put together from others or of another version is refused
// with an error that says what is wrong. It knows rows as keys and values, not
// what they mean, and files by their names.
//
// A file is a magic number, a version, and frames:
//
//	magic    16 bytes
//	version  4 bytes
//	frame    kind 1 byte, number 4, length of the payload 4, payload, CRC-32C 4
//
// Integers are big-endian. Frames are numbered from 0. The checksum covers the
// backup's id, the frame's head and its payload; in the checksum of the header,
// which names the id, the id counts as zeros. First comes the header, then rows
// in ascending order of their keys, then the files that lie beside the store, in
// ascending order of their names, last the trailer, and nothing after it:
//
//	header   id 16 bytes, milliseconds since 1970 8
//	rows     for each: length of the key, key, length of the value, value; the
//	         lengths as unsigned varints
//	file     length of the name as an unsigned varint, name, a piece of the file;
//	         frames of one name that follow each other are one file
//	trailer  number of rows 8, bytes of their keys and values 8, number of files
//	         8, their bytes 8, SHA-256 of everything before this frame 32
//
// All of that is sealed to whoever is to open it, in the format of
// https://age-encryption.org/v1, which is encrypted and authenticated in chunks
// of 64 KiB. An unsealed file is for tests, and for who asks for it.
package backup
