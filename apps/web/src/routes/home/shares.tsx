import type { Look } from "../../ui/state.tsx";

const fills: Record<Look["tone"], string> = {
	good: "var(--nc-good-bar)",
	warn: "var(--nc-warn-bar)",
	bad: "var(--nc-bad-bar)",
	calm: "var(--nc-calm)",
	busy: "var(--nc-busy)",
};

/** Parts of a whole as one bar; the numbers stand beneath it in words. */
export function Shares({ label, parts }: { label: string; parts: (Look & { amount: number })[] }) {
	const total = parts.reduce((sum, { amount }) => sum + amount, 0);
	const told = parts.filter(({ amount }) => amount > 0);
	return (
		<div
			className="nc-bar"
			role="img"
			aria-label={`${label}: ${told.map(({ word, amount }) => `${amount} ${word.toLowerCase()}`).join(", ") || "none"}`}
		>
			{told.map(({ word, tone, amount }) => (
				<span
					key={word}
					title={`${word}: ${amount}`}
					style={{ width: `${(amount / total) * 100}%`, minWidth: 3, background: fills[tone] }}
				/>
			))}
		</div>
	);
}
