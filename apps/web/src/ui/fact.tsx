import type { ReactNode } from "react";
import styles from "./fact.module.css";

/** One row of a list of facts (`<dl className="nc-facts">`); nothing where nothing is known. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
	if (children === null || children === undefined || children === false || children === "") return null;
	return (
		<>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</>
	);
}

/** Facts beside each other in one line, as they stand below a page's title. */
export function FactLine({ children }: { children: ReactNode }) {
	return <dl className={styles.line}>{children}</dl>;
}

/** One fact in a line of them. */
export function InlineFact({ name, children }: { name: string; children: ReactNode }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd className="nc-break">{children}</dd>
		</div>
	);
}
