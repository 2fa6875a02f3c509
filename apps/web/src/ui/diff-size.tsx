/** How much a change is: lines that came, lines that went. */
export function DiffSize({ added, removed }: { added: number | null; removed: number | null }) {
	return (
		<span className="nc-diff-size">
			<span className="nc-good" title={`${added ?? 0} lines added`}>
				+{added ?? 0}
			</span>{" "}
			<span className="nc-bad" title={`${removed ?? 0} lines removed`}>
				−{removed ?? 0}
			</span>
		</span>
	);
}
