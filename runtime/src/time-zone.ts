/** Whether it is the name of a time zone with rules of its own, as IANA's database has them. */
export function isTimeZone(name: string): boolean {
	// Offsets such as +02:00 pass as zones in JavaScript, and know no summer time.
	if (!/^[A-Za-z]/.test(name)) return false;
	try {
		new Intl.DateTimeFormat("en", { timeZone: name });
		return true;
	} catch {
		return false;
	}
}
