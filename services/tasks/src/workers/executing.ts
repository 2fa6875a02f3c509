/** Which operations a worker process is at, under which of its ids. */
interface Executing {
	/** Answers what ends it. One attempt may still be ending under the id of a lost lease while the next one is made under another. */
	begin(worker_id: string, operation_id: string): () => void;
	/** Operations that this id is at: what it has besides is what it never heard of. */
	of(worker_id: string): string[];
}

export function createExecuting(): Executing {
	const attempts = new Set<{ worker_id: string; operation_id: string }>();
	return {
		begin(worker_id, operation_id) {
			const attempt = { worker_id, operation_id };
			attempts.add(attempt);
			return () => void attempts.delete(attempt);
		},
		of: (worker_id) => [...attempts].flatMap((one) => (one.worker_id === worker_id ? [one.operation_id] : [])),
	};
}
