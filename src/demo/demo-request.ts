import type { Mode } from "../core/role-name.ts";

/** What the bundled demo asks for. */
export const demoRequest = `Write a small command-line tool in Node.js, without any dependencies, that reads a CSV file and prints a summary of each column: for columns of numbers the minimum, maximum and mean, for other columns how many distinct values there are. Our exports have quoted fields with commas and line breaks in them, and some cells are blank; blank cells must not spoil the figures. If the file can't be read, say so in one line instead of a stack trace. Please add tests with node:test and a short README.`;

export const demoMode: Mode = "software";

/** The one model that the recording names, as provider/model. */
export const demoModel = "demo/recording";
