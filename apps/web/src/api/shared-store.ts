const databaseName = "netconductor";
const storeName = "shared";

/** Small values that all tabs of this browser share, and read as the latest of them was written. */
export interface SharedStore {
	get(key: string): Promise<unknown>;
	/** Puts what `change` makes of the value in its place, undefined removing it; no other tab comes in between. */
	update<T>(key: string, change: (before: unknown) => T): Promise<T>;
}

/**
 * IndexedDB, because its transactions are ordered over all tabs. Local storage is not: a tab may read there what another one has
 * already replaced, which for a token that works once would be the end of the session.
 */
export function openSharedStore(): SharedStore {
	let opening: Promise<IDBDatabase> | undefined;

	function open(): Promise<IDBDatabase> {
		opening ??= new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(databaseName, 1);
			request.onupgradeneeded = () => request.result.createObjectStore(storeName);
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error);
		}).then((database) => {
			// The browser may close it, when its storage is cleared for instance.
			database.onclose = () => {
				opening = undefined;
			};
			return database;
		});
		return opening;
	}

	async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore, done: (result: T) => void) => void) {
		const transaction = (await open()).transaction(storeName, mode);
		return new Promise<T>((resolve, reject) => {
			let result: T;
			transaction.oncomplete = () => resolve(result);
			transaction.onabort = () => reject(transaction.error);
			work(transaction.objectStore(storeName), (value) => {
				result = value;
			});
		});
	}

	return {
		get: (key) =>
			run("readonly", (store, done) => {
				const request = store.get(key);
				request.onsuccess = () => done(request.result);
			}),
		update: (key, change) =>
			run("readwrite", (store, done) => {
				const request = store.get(key);
				request.onsuccess = () => {
					const after = change(request.result);
					if (after === undefined) store.delete(key);
					else store.put(after, key);
					done(after);
				};
			}),
	};
}
