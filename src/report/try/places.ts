/** The folder of what all pages share, and the one that they are in, relative to that of the reports. */
export const RUNTIME_FOLDER = 'runtime';
export const PAGES_FOLDER = 'try';
