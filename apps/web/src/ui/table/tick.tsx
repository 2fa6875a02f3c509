import { useEffect, useRef } from "react";

/** A checkbox without a word beside it. The browser's own: a list has hundreds. */
export function Tick({
	label,
	checked,
	some = false,
	onChange,
}: {
	label: string;
	checked: boolean;
	/** Some of those it stands for are chosen. */
	some?: boolean;
	onChange: (checked: boolean) => void;
}) {
	const box = useRef<HTMLInputElement>(null);
	useEffect(() => {
		if (box.current !== null) box.current.indeterminate = some;
	}, [some]);
	return (
		<input
			ref={box}
			type="checkbox"
			className="nc-tick"
			aria-label={label}
			checked={checked}
			onChange={({ currentTarget }) => onChange(currentTarget.checked)}
		/>
	);
}
