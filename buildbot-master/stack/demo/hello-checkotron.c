/* Prints one line: the package of `checkotron demo` has to contain something. */
#include <stdio.h>

int main(void)
{
    puts("hello, Checkotron");
    return 0;
}
