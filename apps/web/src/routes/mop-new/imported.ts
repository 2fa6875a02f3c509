interface Imported {
	/** Of the file. */
	name: string;
	text: string;
}

let imported: Imported | undefined;

/** Hands a file that was read on one page to the editor on the next. */
export function keepImported(file: Imported): void {
	imported = file;
}

/** The file that was read last in this tab; none after a reload. */
export function importedFile(): Imported | undefined {
	return imported;
}
