import { link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** What file systems without hard links say: FAT, some shares of Windows, some of user space. */
const withoutLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Gives a finished file its name, on disk when this resolves; where that may be the draft is still there, too. A file that has come under the
 * name meanwhile stays as it is: that is why it is not just renamed.
 * @param linkFile the file system's
 * @throws EEXIST — there is one
 */
export async function publishFile(draft: string, path: string, linkFile = link): Promise<void> {
	try {
		await linkFile(draft, path);
	} catch (error) {
		if (!withoutLinks.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
		await renameOverOwn(draft, path);
	}
	if (process.platform === "win32") return;
	const folder = await open(dirname(path));
	await folder.sync().finally(() => folder.close());
}

/** The name is taken first, by an empty file that nobody else makes then; a process that is killed in between leaves that. */
async function renameOverOwn(draft: string, path: string): Promise<void> {
	await (await open(path, "wx", 0o600)).close();
	await rename(draft, path).catch(async (error: unknown) => {
		await rm(path, { force: true });
		throw error;
	});
}
