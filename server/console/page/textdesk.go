package page

// deskTexts are those of the pages about who did what, and people's rights.
var deskTexts = catalogue{}
