import { createLink } from "@tanstack/react-router";
import type { ComponentPropsWithRef } from "react";
import { type Look, State } from "../../ui/state.tsx";
import styles from "./home.module.css";

const amounts = new Intl.NumberFormat("en");

/** How many are in a state; leads to the list of them. None of them is nothing to worry about. */
export const Tile = createLink(function TileElement({
	tone,
	icon,
	word,
	amount,
	...props
}: Look & { amount: number } & Omit<ComponentPropsWithRef<"a">, "children">) {
	return (
		<a {...props} className={styles.tile}>
			<State tone={amount === 0 ? "calm" : tone} icon={icon} word={word} />
			<strong>{amounts.format(amount)}</strong>
		</a>
	);
});
