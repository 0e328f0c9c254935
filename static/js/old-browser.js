// Run by browsers that know no modules, and so none of our other scripts: shows the notice that the style sheet hides.
document.documentElement.className += " without-modules";
