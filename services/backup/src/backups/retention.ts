/** What of a backup decides whether it is kept. */
export interface KeptBackup {
	id: string;
	created_at: string;
	/** Null for a failed attempt. */
	content_hash: string | null;
	/** Belongs to a pinned snapshot. */
	pinned: boolean;
}

export interface Retention {
	/** Backups older than this many days go. */
	keep_days: number | null;
	/** Of each device the newest so many versions stay; an unbroken series of equal texts is one version. */
	keep_versions: number | null;
	now: Date;
	/** The device was deleted: not even its newest good backup is kept for ever. */
	device_deleted: boolean;
}

const day_ms = 24 * 60 * 60_000;

/**
 * Which backups of one device go, given from newest to oldest. Both limits apply: what either of them gives up goes. Backups of pinned snapshots
 * stay, and so does the newest good one.
 */
export function chooseExpired<B extends KeptBackup>(newestFirst: readonly B[], retention: Retention): B[] {
	const { keep_days, keep_versions, now, device_deleted } = retention;
	const oldest = keep_days === null ? Number.NEGATIVE_INFINITY : now.getTime() - keep_days * day_ms;
	const newestGood = device_deleted ? undefined : newestFirst.find(({ content_hash }) => content_hash !== null);
	const expired: B[] = [];
	let versions = 0;
	let hash: string | null = null;
	for (const backup of newestFirst) {
		if (backup.content_hash !== null && backup.content_hash !== hash) {
			versions++;
			hash = backup.content_hash;
		}
		const tooOld = Date.parse(backup.created_at) < oldest;
		const tooMany = keep_versions !== null && versions > keep_versions;
		if ((tooOld || tooMany) && !backup.pinned && backup !== newestGood) expired.push(backup);
	}
	return expired;
}
